// clip/tokenizer/wordpiece.hpp: WordPiece, the tokenizer of BERT and DistilBERT (Wu et al., 2016; Devlin et al., 2019).
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/size.hpp>
#include <clip/tokenizer/batch_calls.hpp>
#include <clip/tokenizer/options.hpp>
#include <clip/tokens/texts.hpp>
#include <clip/tokens/vocabulary_identity.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {
class SymbolNames;
}

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
  CLIP_HOST explicit WordPiece(const std::string& path, Letters letters = Letters::uncased);

  /// vocab.txt, or a folder that contains it. LoadError: no such file, a line that is not UTF-8, a special piece is
  /// missing.
  static CLIP_HOST Result<WordPiece> try_open(const std::string& path, Letters letters = Letters::uncased);
  static CLIP_HOST Result<WordPiece> try_parse(std::string_view text, const std::string& place,
                                               Letters letters = Letters::uncased);

  /// A copy of this tokenizer whose rows end with another id than [SEP], and have that id wherever a text says [SEP].
  /// CLIPA's text towers read with_end(0), which is [PAD]. InputError: an id of vocabulary_size() or more, or below 0.
  CLIP_HOST WordPiece with_end(std::int32_t id) const;

  CLIP_HOST Index vocabulary_size() const;
  Letters letters() const { return letters_; }
  /// File, size and checksum of the vocabulary. Batches carry it, and a model takes only those of its own size.
  const VocabularyIdentity& vocabulary() const { return *identity_; }
  std::int32_t cls() const { return specials_[0]; }
  std::int32_t sep() const { return specials_[1]; }
  /// The id that ends a row: that of with_end, otherwise [SEP].
  std::int32_t end() const { return end_ < 0 ? sep() : end_; }
  std::int32_t unknown() const { return specials_[2]; }
  std::int32_t pad() const { return specials_[3]; }
  /// The piece of an id. InputError: an id of vocabulary_size() or more, or below 0.
  CLIP_HOST std::string_view piece(std::int32_t id) const;

  /// The ids of a text of any length, without [CLS] and [SEP]. InputError: more than 256 MiB.
  CLIP_HOST std::vector<std::int32_t> encode(std::string_view text) const;

 private:
  friend class BatchCalls<WordPiece, Texts, 512>;
  struct Scratch;
  static constexpr std::array<std::string_view, 5> special_names{"[CLS]", "[SEP]", "[UNK]", "[PAD]", "[MASK]"};
  static constexpr std::size_t longest_word = 100;  // characters

  explicit WordPiece(Letters letters) : letters_{letters} {}

  CLIP_HOST Result<void> read(std::string_view text, const std::string& place);
  /// Appends to scratch.ids.
  CLIP_HOST void encode(std::string_view text, Scratch& scratch) const;
  CLIP_HOST void divide(std::string_view word, std::size_t characters, Scratch& scratch) const;

  CLIP_HOST Result<Texts> try_batch(std::span<const std::string_view> batch, const TokenizeOptions& options) const;

  std::shared_ptr<const detail::SymbolNames> names_;  // copies share both: they do not change
  std::shared_ptr<const VocabularyIdentity> identity_;
  std::array<std::int32_t, special_names.size()> specials_{};
  std::int32_t end_ = -1;          // instead of [SEP]; -1: none
  std::size_t longest_piece_ = 0;  // bytes
  Letters letters_;
};

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/tokenizer/wordpiece.inl.hpp>
#endif
