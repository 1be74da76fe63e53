// clip/tokenizer/wordpiece.hpp: WordPiece, the tokenizer of BERT and DistilBERT (Wu et al., 2016; Devlin et al., 2019).
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/size.hpp>
#include <clip/io/bytes.hpp>
#include <clip/io/find_file.hpp>
#include <clip/io/inflate.hpp>
#include <clip/tokenizer/basic_tokenizer.hpp>
#include <clip/tokenizer/batch_calls.hpp>
#include <clip/tokenizer/bpe/symbol_names.hpp>
#include <clip/tokens/texts.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// "uncased" models read lower-case letters without accents; "cased" models read texts unchanged.
enum class Letters : unsigned char { uncased, cased };

/// Splits a text into words (basic_tokenizer.hpp) and each word into the longest pieces of the vocabulary, from left to
/// right; the vocabulary lists pieces after the first as `##piece`. A word that the pieces cannot spell, or of more
/// than 100 characters, becomes [UNK]. The names [CLS], [SEP], [UNK], [PAD], [MASK] in a text become their ids. Invalid
/// UTF-8 is dropped, like U+FFFD. Const calls share no state and are safe in any number of threads.
///   WordPiece tokenizer{"vocab.txt"};
///   const Texts rows = tokenizer({"a dog", "a cat"});      // [CLS] … [SEP], at most 512 ids by default
class WordPiece : public BatchCalls<WordPiece, Texts, 512> {
 public:
  /// vocab.txt: one piece per line; ids are line numbers from 0. Raises the errors of try_open.
  explicit WordPiece(const std::string& path, Letters letters = Letters::uncased)
      : WordPiece{try_open(path, letters).value()} {}

  /// vocab.txt, or a folder that contains it. LoadError: no such file, a line that
  /// is not UTF-8, a special piece is missing.
  static Result<WordPiece> try_open(const std::string& path, Letters letters = Letters::uncased) {
    const auto place = detail::try_find_file(path, std::array{"vocab.txt"});
    if (!place) return place.error();
    const auto file = try_read_file(*place);
    if (!file) return file.error();
    return try_parse(as_text(*file), *place, letters);
  }
  static Result<WordPiece> try_parse(std::string_view text, const std::string& place,
                                     Letters letters = Letters::uncased) {
    WordPiece pieces{letters};
    if (auto done = pieces.read(text, place); !done) return done.error();
    return pieces;
  }

  Index vocabulary_size() const { return names_.size(); }
  Letters letters() const { return letters_; }
  std::int32_t cls() const { return specials_[0]; }
  std::int32_t sep() const { return specials_[1]; }
  std::int32_t unknown() const { return specials_[2]; }
  std::int32_t pad() const { return specials_[3]; }
  /// The piece of an id. InputError: an id of vocabulary_size() or more, or below 0.
  std::string_view piece(std::int32_t id) const {
    if (id < 0 || id >= vocabulary_size())
      raise(InputError{"wordpiece", "id", "0 to " + std::to_string(vocabulary_size() - 1), id});
    return names_[id];
  }

  /// The ids of a text of any length, without [CLS] and [SEP]. InputError: more than 256 MiB.
  std::vector<std::int32_t> encode(std::string_view text) const {
    Scratch scratch;
    if (text.size() > detail::largest_text) raise(detail::text_too_large(text));
    encode(text, scratch);
    return std::move(scratch.ids);
  }

 private:
  friend class BatchCalls<WordPiece, Texts, 512>;
  struct Scratch {
    std::vector<std::int32_t> ids;
    WordScratch words;
    std::string piece;
  };
  static constexpr std::array<std::string_view, 5> special_names{"[CLS]", "[SEP]", "[UNK]", "[PAD]", "[MASK]"};
  static constexpr std::size_t longest_word = 100;  // characters

  explicit WordPiece(Letters letters) : letters_{letters} {}

  Result<void> read(std::string_view text, const std::string& place) {
    names_.reserve(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 2);
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      std::string_view line = text.substr(begin, end - begin);
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (valid_utf8(line) != line)
        return LoadError{place, "line " + std::to_string(names_.size() + 1) + ": not UTF-8"};
      names_.add(line, {});
      longest_piece_ = std::max(longest_piece_, line.size());
      begin = end + 1;
    }
    std::string missing;
    for (std::size_t i = 0; i < special_names.size(); ++i) {
      specials_[i] = names_.find(special_names[i]);
      if (specials_[i] < 0 && special_names[i] != "[MASK]")
        missing += (missing.empty() ? "" : ", ") + std::string(special_names[i]);
    }
    if (!missing.empty())
      return LoadError{place, "no WordPiece vocabulary: among its " + std::to_string(names_.size()) +
                                  " lines there is no " + missing};
    return {};
  }

  /// Appends to scratch.ids.
  void encode(std::string_view text, Scratch& scratch) const {
    const auto words = [&](std::string_view part) {
      split_words(part, letters_ == Letters::uncased, scratch.words,
                  [&](std::string_view word, std::size_t characters) { divide(word, characters, scratch); });
    };
    std::size_t begin = 0;
    for (std::size_t at = text.find('['); at != text.npos; at = text.find('[', at)) {
      std::size_t i = 0;
      while (i < specials_.size() && !(specials_[i] >= 0 && text.substr(at).starts_with(special_names[i]))) ++i;
      if (i == specials_.size()) {
        ++at;
        continue;
      }
      words(text.substr(begin, at - begin));
      scratch.ids.push_back(specials_[i]);
      begin = at += special_names[i].size();
    }
    words(text.substr(begin));
  }

  void divide(std::string_view word, std::size_t characters, Scratch& scratch) const {
    const std::size_t first = scratch.ids.size();
    for (std::size_t begin = 0; begin < word.size() && characters <= longest_word;) {
      scratch.piece.assign(begin == 0 ? "" : "##");
      const std::size_t prefix = scratch.piece.size();
      scratch.piece.append(word.substr(begin, longest_piece_));
      std::int32_t id = -1;
      while (scratch.piece.size() > prefix && (id = names_.find(scratch.piece)) < 0) scratch.piece.pop_back();
      if (id < 0) break;
      scratch.ids.push_back(id);
      begin += scratch.piece.size() - prefix;
      if (begin == word.size()) return;
    }
    scratch.ids.resize(first);
    scratch.ids.push_back(unknown());
  }

  template <class Text>
  Result<Texts> try_batch(std::span<const Text> batch, const TokenizeOptions& options) const {
    Texts rows = Texts::whole(pad());
    Scratch scratch;
    const auto done = detail::try_add_texts(batch, options, cls(), sep(), scratch.ids, rows,
                                            [&](std::string_view text) { encode(text, scratch); });
    if (!done) return done.error();
    return rows;
  }

  detail::SymbolNames names_;
  std::array<std::int32_t, special_names.size()> specials_{};
  std::size_t longest_piece_ = 0;  // bytes
  Letters letters_;
};

}  // namespace clip::inline CLIP_ABI
