// clip/tokenizer/tokenizer.hpp: CLIP's tokenizer: text to token ids and back by byte-level BPE.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/sequences.hpp>
#include <clip/core/size.hpp>
#include <clip/tokenizer/batch_calls.hpp>
#include <clip/tokenizer/clean/repair.hpp>
#include <clip/tokenizer/options.hpp>
#include <clip/tokens/texts.hpp>
#include <clip/tokens/vocabulary_identity.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

class BytePairs;
struct Vocabulary;

/// Cleans a text, splits it into pieces and encodes each by BPE. The ids equal the reference's, also for texts that
/// contain the special strings. Texts are UTF-8; each invalid byte is read as one U+FFFD, so every byte string has ids
/// and no byte is dropped silently. Const calls share no state and are safe in any number of threads.
///   Tokenizer tokenizer{"bpe_simple_vocab_16e6.txt.gz"};
///   const Texts texts = tokenizer({"a dog", "a cat"});      // SOT … EOT, at most 77 ids by default
class Tokenizer : public BatchCalls<Tokenizer, Texts, 77> {
 public:
  /// No merges: 256 bytes, 256 bytes with an end-of-word mark, SOT 512, EOT 513.
  Tokenizer() : Tokenizer{TextPolicy{}} {}
  CLIP_HOST explicit Tokenizer(const TextPolicy& policy);

  /// OpenAI's bpe_simple_vocab_16e6.txt(.gz), merges.txt, vocab.json, tokenizer.json or a folder with one of them
  /// (vocabulary.hpp); smaller vocabularies of the same format as well. Raises the errors of try_open_tokenizer.
  CLIP_HOST explicit Tokenizer(const std::string& path, const TextPolicy& policy = {});

  static CLIP_HOST Result<Tokenizer> try_open(const std::string& path, const TextPolicy& policy = {});

  static CLIP_HOST Result<Tokenizer> try_from_merges(const std::vector<std::pair<std::string, std::string>>& merges,
                                                     const TextPolicy& policy = {});
  static CLIP_HOST Tokenizer from_merges(const std::vector<std::pair<std::string, std::string>>& merges,
                                         const TextPolicy& policy = {});

  /// A copy of this tokenizer that calls `repair` before it cleans a text (repair.hpp).
  CLIP_HOST Tokenizer with_repair(TextRepair repair) const;

  /// The number of ids: 512 bytes, one per merge, SOT and EOT.
  CLIP_HOST Index vocabulary_size() const;
  std::int32_t sot() const { return static_cast<std::int32_t>(vocabulary_size()) - 2; }
  std::int32_t eot() const { return sot() + 1; }
  /// File, size, checksum and name of the vocabulary. Batches carry it, and a model takes only those of its own size.
  const VocabularyIdentity& vocabulary() const { return *identity_; }
  const TextPolicy& policy() const { return policy_; }

  /// The ids of a text of any length, without SOT and EOT. InputError: more than 256 MiB.
  CLIP_HOST std::vector<std::int32_t> encode(std::string_view text) const;

  /// The text of ids, in lower case, with a space after every piece; SOT and EOT as the policy's special strings.
  /// InputError: an id of vocabulary_size() or more, or below 0.
  CLIP_HOST std::string decode(Ids ids) const;

 private:
  friend class BatchCalls<Tokenizer, Texts, 77>;
  struct Scratch;

  CLIP_HOST Tokenizer(Vocabulary vocabulary, const TextPolicy& policy);

  /// Appends to scratch.ids. transformers takes the special strings out of the raw text; the others find them in the
  /// cleaned text, at the beginning of a piece.
  CLIP_HOST void encode(std::string_view text, Scratch& scratch) const;
  CLIP_HOST void encode_part(std::string_view text, Scratch& scratch) const;

  CLIP_HOST Result<Texts> try_batch(std::span<const std::string_view> batch, const TokenizeOptions& options) const;

  std::shared_ptr<const BytePairs> pairs_;  // copies share both: they do not change
  std::shared_ptr<const VocabularyIdentity> identity_;
  TextPolicy policy_;
  TextRepair repair_;
};

/// Opens a vocabulary in any format of vocabulary.hpp. LoadError: no such file, damaged, or not built like CLIP's
/// vocabulary. SystemError: access denied.
[[nodiscard]] CLIP_HOST Result<Tokenizer> try_open_tokenizer(const std::string& path, const TextPolicy& policy = {});
CLIP_HOST Tokenizer open_tokenizer(const std::string& path, const TextPolicy& policy = {});

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/tokenizer/tokenizer.inl.hpp>
#endif
