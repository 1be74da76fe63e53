// clip/learn/context_prompts.hpp: prompts of classes with learned context vectors: their options and token ids.
#pragma once

#include <clip/model/text_input.hpp>
#include <clip/task/zero_shot.hpp>
#include <clip/tokenizer/options.hpp>
#include <clip/tokens/learned.hpp>
#include <clip/tokens/texts.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Where the name of the class stands: after the context, in the middle of it, or before it.
enum class Place : unsigned char { end, middle, front };
inline constexpr std::array name_places{Place::end, Place::middle, Place::front};
constexpr std::string_view name_of(Place place) {
  constexpr std::array<std::string_view, name_places.size()> names{"end", "middle", "front"};
  return names[static_cast<std::size_t>(place)];
}

struct PromptOptions {
  Index context = 16;        // vectors; with `words` as many as the words have tokens
  Place place = Place::end;  // of the name of the class
  bool per_class = false;    // every class has a context of its own (CoOp's CSC)
  std::string words{};       // the context begins as the embeddings of "a photo of a"; empty: random, N(0, 0.02²)
  std::uint64_t seed = 1;
};

/// The prompts of CoOp (Zhou et al. 2022 §3.2): with M learned vectors v and the tokens of a class name,
///   end     [start] v1 … vM name . [end]
///   middle  [start] v1 … v⌊M/2⌋ name v⌊M/2⌋+1 … vM . [end]
///   front   [start] name v1 … vM . [end]
/// Underscores in names are spaces.
class ContextPrompts {
 public:
  /// OptionError: no class, two equal ones, an empty name, no context vector. InputError: a vocabulary that is not the
  /// model's; a name whose prompt is longer than the model's context.
  template <TokenizesTexts Words>
  ContextPrompts(const TextInput& input, const Words& tokenizer, std::vector<std::string> names,
                 const PromptOptions& options)
      : labels_{std::move(names)}, place_{options.place}, start_{input.row.start ? 1 : 0} {
    check_labels();
    if (const auto words = with_spaces(options.words); !words.empty()) words_ = tokens(tokenizer, words, input.context);
    context_ = words_.empty() ? options.context : static_cast<Index>(words_.size());
    const Index most = input.context - start_ - 2;  // beside a token of a name and the end of text
    if (context_ < 1 || context_ > most)
      raise(OptionError{owner, "context vectors", "1 to " + std::to_string(most), context_});

    std::vector<std::string> texts{std::string{}};  // an empty text, to count the tokens of a name by
    for (const std::string& name : labels_) texts.push_back(name);
    for (const std::string& name : labels_) texts.push_back(name + '.');
    rows_ = tokenizer(std::span<const std::string>{texts},
                      TokenizeOptions{.context = input.context - context_, .too_long = TooLong::truncate});
    try_check_vocabulary(input, rows_).value();
    const Index classes = size();
    for (Index c = 0; c < classes; ++c) {
      if (rows_.was_cut(1 + classes + c))
        raise(InputError{"class \"" + labels_[static_cast<std::size_t>(c)] + '"',
                         "tokens of the prompt, with " + std::to_string(context_) + " context vectors",
                         "at most " + std::to_string(input.context), "more"}
                  .with_id("clip.input.tokens"));
      name_lengths_.push_back(content(1 + c) - content(0));
    }
  }

  Index size() const { return static_cast<Index>(labels_.size()); }
  const std::vector<std::string>& labels() const& { return labels_; }
  void labels() const&& = delete;
  /// The number of vectors in a prompt.
  Index context() const { return context_; }
  Place place() const { return place_; }
  /// The ids of the words that the context begins as; empty: it begins at random.
  Ids words() const& { return words_; }
  void words() const&& = delete;

  /// A batch for these prompts.
  Texts batch() const {
    Texts texts = rows_.eot_id() < 0 ? Texts::whole(rows_.pad()) : Texts{rows_.eot_id()};
    texts.set_vocabulary(rows_.shared_vocabulary());
    return texts;
  }
  /// Adds the prompt of class c with the learned vectors first … first + context() - 1.
  void add(Texts& to, Index c, Index first) const {
    const Ids row = rows_[1 + size() + c];
    const Index name = start_ + name_lengths_[static_cast<std::size_t>(c)];
    const Index early = place_ == Place::end ? context_ : place_ == Place::middle ? context_ / 2 : 0;
    std::vector<std::int32_t> ids(row.begin(), row.begin() + start_);
    for (Index v = 0; v < early; ++v) ids.push_back(learned_id(first + v));
    ids.insert(ids.end(), row.begin() + start_, row.begin() + name);
    for (Index v = early; v < context_; ++v) ids.push_back(learned_id(first + v));
    ids.insert(ids.end(), row.begin() + name, row.end());
    to.add(ids);
  }

 private:
  static constexpr const char* owner = "prompt learner";

  static std::string with_spaces(std::string text) {
    std::ranges::replace(text, '_', ' ');
    return text;
  }

  void check_labels() {
    if (labels_.empty()) raise(OptionError{owner, "number of classes", "1 or more", 0});
    std::map<std::string_view, std::size_t> seen;
    for (std::size_t c = 0; c < labels_.size(); ++c) {
      labels_[c] = with_spaces(std::move(labels_[c]));
      const std::string number = "name of class " + std::to_string(c);
      if (labels_[c].find_first_not_of(' ') == std::string::npos)
        raise(OptionError{owner, number, "letters", "\"" + labels_[c] + '"'});
      const auto [at, added] = seen.emplace(labels_[c], c);
      if (!added)
        raise(OptionError{owner, number, "another than that of class " + std::to_string(at->second),
                          "\"" + labels_[c] + '"'});
    }
  }

  /// The ids of a text without those around it.
  template <class Words>
  std::vector<std::int32_t> tokens(const Words& tokenizer, const std::string& text, Index context) {
    const std::array<std::string, 2> texts{std::string{}, text};
    rows_ = tokenizer(std::span<const std::string>{texts}, TokenizeOptions{.context = context});
    const Ids row = rows_[1].subspan(static_cast<std::size_t>(start_));
    const Ids own = row.first(static_cast<std::size_t>(content(1) - content(0)));
    return {own.begin(), own.end()};
  }

  /// The length of a row without its padding, which some tokenizers append.
  Index content(Index i) const {
    const Ids row = rows_[i];
    auto length = static_cast<Index>(row.size());
    while (rows_.eot_id() < 0 && length > 0 && row[static_cast<std::size_t>(length - 1)] == rows_.pad()) --length;
    return length;
  }

  std::vector<std::string> labels_;
  Place place_;
  Index start_;  // ids before the name
  Index context_ = 0;
  std::vector<std::int32_t> words_;
  Texts rows_;  // an empty text; the names; the names with a full stop
  std::vector<Index> name_lengths_;
};

}  // namespace clip::inline CLIP_ABI
