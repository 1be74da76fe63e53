// clip/tokenizer/tokenizer.hpp: text to token ids and back: OpenAI's byte-level BPE, with any list of merges.
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

/// Cleans a text, splits it and merges its bytes; ids as in the reference, the special strings in a text included. Texts are
/// UTF-8; a byte that is part of no character is read as one U+FFFD, so any bytes have ids and none is dropped unseen.
/// Const calls share nothing and may run in any number of threads.
///   Tokenizer tokenizer{"bpe_simple_vocab_16e6.txt.gz"};
///   const Texts texts = tokenizer({"a dog", "a cat"});      // SOT … EOT, at most 77 ids unless options say otherwise
class Tokenizer : public BatchCalls<Tokenizer, Texts, 77> {
 public:
  /// No merges: 256 bytes, 256 bytes that close a piece, SOT 512, EOT 513.
  Tokenizer() = default;
  explicit Tokenizer(const TextPolicy& policy) : policy_{policy} {}

  /// OpenAI's bpe_simple_vocab_16e6.txt(.gz), merges.txt, vocab.json, tokenizer.json or a folder with one of them
  /// (vocabulary.hpp), also smaller ones of the same construction. Raises what try_open_tokenizer returns.
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

  /// This tokenizer with a repair of the caller's own before the cleaning (clean.hpp).
  Tokenizer with_repair(TextRepair repair) const {
    Tokenizer tokenizer{*this};
    tokenizer.repair_ = std::move(repair);
    return tokenizer;
  }

  /// Ids: 512 symbols, one per merge, SOT and EOT.
  Index vocabulary_size() const { return pairs_.size() + 2; }
  std::int32_t sot() const { return static_cast<std::int32_t>(pairs_.size()); }
  std::int32_t eot() const { return sot() + 1; }
  const TextPolicy& policy() const { return policy_; }

  /// The ids of a text as long as it is, without SOT and EOT. InputError: more than 256 MiB.
  std::vector<std::int32_t> encode(std::string_view text) const {
    Scratch scratch;
    if (text.size() > detail::largest_text) raise(detail::text_too_large(text));
    encode(text, scratch);
    return std::move(scratch.ids);
  }

  /// The text of ids in lower case, a space after every piece; SOT and EOT as the special strings of the policy.
  /// InputError: an id that is not below vocabulary_size().
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

  /// Appends to scratch.ids. transformers takes the special strings out first, as they are spelled; all others find them in
  /// the cleaned text, where a piece begins.
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
      if (huggingface) return split_pieces(piece, {{}, false}, merge);  // it was not spelled so before the cleaning
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

/// A vocabulary in any of the forms of vocabulary.hpp. LoadError: no such file, damaged, not of CLIP's construction.
/// SystemError: not allowed.
[[nodiscard]] inline Result<Tokenizer> try_open_tokenizer(const std::string& path, const TextPolicy& policy = {}) {
  return Tokenizer::try_open(path, policy);
}
inline Tokenizer open_tokenizer(const std::string& path, const TextPolicy& policy = {}) {
  return try_open_tokenizer(path, policy).value();
}

}  // namespace clip::inline CLIP_ABI
