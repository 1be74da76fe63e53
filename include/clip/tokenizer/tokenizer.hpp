// clip/tokenizer/tokenizer.hpp: CLIP's tokenizer: text to token ids and back by byte-level BPE.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/sequences.hpp>
#include <clip/core/size.hpp>
#include <clip/tokenizer/batch_calls.hpp>
#include <clip/tokenizer/bpe/bpe.hpp>
#include <clip/tokenizer/bpe/split.hpp>
#include <clip/tokenizer/clean/clean.hpp>
#include <clip/tokenizer/options.hpp>
#include <clip/tokenizer/unicode/unicode.hpp>
#include <clip/tokenizer/vocabulary/vocabulary.hpp>
#include <clip/tokens/texts.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Cleans a text, splits it into pieces and encodes each by BPE. The ids equal the reference's, also for texts that
/// contain the special strings. Texts are UTF-8; each invalid byte is read as one U+FFFD, so every byte string has ids
/// and no byte is dropped silently. Const calls share no state and are safe in any number of threads.
///   Tokenizer tokenizer{"bpe_simple_vocab_16e6.txt.gz"};
///   const Texts texts = tokenizer({"a dog", "a cat"});      // SOT … EOT, at most 77 ids by default
class Tokenizer : public BatchCalls<Tokenizer, Texts, 77> {
 public:
  /// No merges: 256 bytes, 256 bytes with an end-of-word mark, SOT 512, EOT 513.
  Tokenizer() = default;
  explicit Tokenizer(const TextPolicy& policy) : policy_{policy} {}

  /// OpenAI's bpe_simple_vocab_16e6.txt(.gz), merges.txt, vocab.json, tokenizer.json or a folder with one of them
  /// (vocabulary.hpp); smaller vocabularies of the same format as well. Raises the errors of try_open_tokenizer.
  explicit Tokenizer(const std::string& path, const TextPolicy& policy = {})
      : Tokenizer{try_open(path, policy).value()} {}

  static Result<Tokenizer> try_open(const std::string& path, const TextPolicy& policy = {}) {
    return make(try_read_vocabulary(path), policy);
  }

  static Result<Tokenizer> try_from_merges(const std::vector<std::pair<std::string, std::string>>& merges,
                                           const TextPolicy& policy = {}) {
    return make(BytePairs::try_make("merges", std::vector<Merge>(merges.begin(), merges.end())), policy);
  }
  static Tokenizer from_merges(const std::vector<std::pair<std::string, std::string>>& merges,
                               const TextPolicy& policy = {}) {
    return try_from_merges(merges, policy).value();
  }

  /// A copy of this tokenizer that calls `repair` before it cleans a text (clean.hpp).
  Tokenizer with_repair(TextRepair repair) const {
    Tokenizer tokenizer{*this};
    tokenizer.repair_ = std::move(repair);
    return tokenizer;
  }

  /// The number of ids: 512 bytes, one per merge, SOT and EOT.
  Index vocabulary_size() const { return pairs_.size() + 2; }
  std::int32_t sot() const { return static_cast<std::int32_t>(pairs_.size()); }
  std::int32_t eot() const { return sot() + 1; }
  const TextPolicy& policy() const { return policy_; }

  /// The ids of a text of any length, without SOT and EOT. InputError: more than 256 MiB.
  std::vector<std::int32_t> encode(std::string_view text) const {
    Scratch scratch;
    if (text.size() > detail::largest_text) raise(detail::text_too_large(text));
    encode(text, scratch);
    return std::move(scratch.ids);
  }

  /// The text of ids, in lower case, with a space after every piece; SOT and EOT as the policy's special strings.
  /// InputError: an id of vocabulary_size() or more, or below 0.
  std::string decode(Ids ids) const {
    const SpecialPair specials =
        strings_of(policy_.specials == SpecialStrings::none ? SpecialStrings::openai : policy_.specials);
    std::string bytes;
    for (const std::int32_t id : ids) {
      if (id < 0 || id >= vocabulary_size())
        raise(InputError{"decode", "id", "0 to " + std::to_string(vocabulary_size() - 1), id});
      bytes.append(id == sot() ? specials.start : id == eot() ? specials.end : pairs_[id]);
    }
    std::string text = valid_utf8(bytes);
    for (std::size_t at = 0; (at = text.find(end_of_piece, at)) != std::string::npos; ++at)
      text.replace(at, end_of_piece.size(), " ");
    return text;
  }

 private:
  friend class BatchCalls<Tokenizer, Texts, 77>;
  struct Scratch {
    std::string clean;
    std::vector<std::int32_t> ids;
    BytePairs::Scratch pairs;
  };

  static Result<Tokenizer> make(Result<BytePairs> pairs, const TextPolicy& policy) {
    if (!pairs) return pairs.error();
    Tokenizer tokenizer{policy};
    tokenizer.pairs_ = std::move(*pairs);
    return tokenizer;
  }

  /// Appends to scratch.ids. transformers takes the special strings out of the raw text; the others find them in the
  /// cleaned text, at the beginning of a piece.
  void encode(std::string_view text, Scratch& scratch) const {
    const SpecialPair specials = strings_of(policy_.specials);
    if (policy_.cleaning != Cleaning::huggingface || specials.start.empty()) return encode_part(text, scratch);
    std::size_t begin = 0;
    for (std::size_t at = text.find('<'); at != text.npos; at = text.find('<', at)) {
      const std::string_view rest = text.substr(at);
      const bool start = rest.starts_with(specials.start);
      if (!start && !rest.starts_with(specials.end)) {
        ++at;
        continue;
      }
      encode_part(text.substr(begin, at - begin), scratch);
      scratch.ids.push_back(start ? sot() : eot());
      begin = at += (start ? specials.start : specials.end).size();
    }
    encode_part(text.substr(begin), scratch);
  }

  void encode_part(std::string_view text, Scratch& scratch) const {
    const SpecialPair specials = strings_of(policy_.specials);
    const bool huggingface = policy_.cleaning == Cleaning::huggingface;
    const auto merge = [&](std::string_view piece) { pairs_.encode(piece, scratch.pairs, scratch.ids); };
    clean_text(text, policy_.cleaning, repair_, scratch.clean);
    split_pieces(scratch.clean, {specials, !huggingface}, [&](std::string_view piece) {
      if (piece != specials.start && piece != specials.end) return merge(piece);
      if (huggingface) return split_pieces(piece, {{}, false}, merge);  // cleaning made the string
      scratch.ids.push_back(piece == specials.start ? sot() : eot());
    });
  }

  template <class Text>
  Result<Texts> try_batch(std::span<const Text> batch, const TokenizeOptions& options) const {
    Texts texts{eot()};
    Scratch scratch;
    const auto done = detail::try_add_texts(batch, options, sot(), eot(), scratch.ids, texts,
                                            [&](std::string_view text) { encode(text, scratch); });
    if (!done) return done.error();
    return texts;
  }

  BytePairs pairs_;
  TextPolicy policy_;
  TextRepair repair_;
};

/// Opens a vocabulary in any format of vocabulary.hpp. LoadError: no such file,
/// damaged, or not built like CLIP's vocabulary.
/// SystemError: access denied.
[[nodiscard]] inline Result<Tokenizer> try_open_tokenizer(const std::string& path, const TextPolicy& policy = {}) {
  return Tokenizer::try_open(path, policy);
}
inline Tokenizer open_tokenizer(const std::string& path, const TextPolicy& policy = {}) {
  return try_open_tokenizer(path, policy).value();
}

}  // namespace clip::inline CLIP_ABI
