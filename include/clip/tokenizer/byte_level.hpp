// clip/tokenizer/byte_level.hpp: the byte-level BPE of RoBERTa (Liu et al. 2019), with GPT-2's merges.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/sequences.hpp>
#include <clip/core/size.hpp>
#include <clip/tokenizer/batch_calls.hpp>
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

namespace detail {
struct ByteLevelTables;
}

/// Splits a text into words with the spaces before them (bpe/split_gpt2.hpp) and each word by BPE over its bytes,
/// without an end-of-word mark, in the case that it has. Ids are those of vocab.json, which are in no order of merges.
/// The names <s>, <pad>, </s>, <unk> and <mask> in a text become their ids, <mask> with the white space before it (a
/// tokenizer.json may say that it is without). Texts are UTF-8; each invalid byte is read as one U+FFFD. Const calls
/// share no state and are safe in any number of threads.
///   ByteLevel tokenizer{"roberta-base"};                          // a folder with vocab.json and merges.txt
///   const Texts texts = tokenizer({"a dog", "a cat"});            // <s> … </s>, at most 512 ids by default
class ByteLevel : public BatchCalls<ByteLevel, Texts, 512> {
 public:
  /// Raises the errors of try_open.
  CLIP_HOST explicit ByteLevel(const std::string& path, Cleaning cleaning = Cleaning::none);

  /// vocab.json with merges.txt in the same folder; a tokenizer.json whose model is BPE and whose pre-tokenizer is
  /// ByteLevel; a folder with one of them. LoadError: no such file, damaged, of another kind, a byte, a merge or a name
  /// of the five without an id, a pre-tokenizer that adds a space. SystemError: access denied.
  static CLIP_HOST Result<ByteLevel> try_open(const std::string& path, Cleaning cleaning = Cleaning::none);
  /// The same from the text of a vocab.json and of a merges.txt, or of a tokenizer.json alone.
  static CLIP_HOST Result<ByteLevel> try_parse(std::string_view json, std::string_view merges, const std::string& place,
                                               Cleaning cleaning = Cleaning::none);

  /// A copy of this tokenizer that cleans texts otherwise.
  ByteLevel with_cleaning(Cleaning cleaning) const {
    ByteLevel other{*this};
    other.cleaning_ = cleaning;
    return other;
  }

  CLIP_HOST Index vocabulary_size() const;
  Cleaning cleaning() const { return cleaning_; }
  /// File, size, end-of-text id and checksum of the vocabulary: SHA-256 of its strings by id and of its merges, a line
  /// each.
  const VocabularyIdentity& vocabulary() const { return *identity_; }
  /// <s> and </s>. Rows end with </s> and are not filled.
  CLIP_HOST RowIds row() const;
  CLIP_HOST std::int32_t pad() const;
  /// The ids of <s>, <pad>, </s>, <unk> and <mask>.
  CLIP_HOST std::span<const std::int32_t> special_ids() const;

  /// The ids of a text of any length, without those around it. InputError: more than 256 MiB.
  CLIP_HOST std::vector<std::int32_t> encode(std::string_view text) const;
  /// The text of ids; the five names as they are. InputError: an id of vocabulary_size() or more, or below 0.
  CLIP_HOST std::string decode(Ids ids) const;

 private:
  friend class BatchCalls<ByteLevel, Texts, 512>;
  struct Scratch;

  ByteLevel() = default;

  /// Appends to scratch.ids.
  CLIP_HOST void encode(std::string_view text, Scratch& scratch) const;
  CLIP_HOST void encode_part(std::string_view text, Scratch& scratch) const;
  CLIP_HOST Result<Texts> try_batch(std::span<const std::string_view> batch, const TokenizeOptions& options) const;

  std::shared_ptr<const detail::ByteLevelTables> tables_;  // copies share both: they do not change
  std::shared_ptr<const VocabularyIdentity> identity_;
  Cleaning cleaning_ = Cleaning::none;
};

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/tokenizer/byte_level.inl.hpp>
#endif
