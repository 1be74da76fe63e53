// clip/tokenizer/sentencepiece.hpp: SentencePiece, the tokenizer of SigLIP and XLM-R (Kudo and Richardson, 2018).
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/sequences.hpp>
#include <clip/core/size.hpp>
#include <clip/tokenizer/batch_calls.hpp>
#include <clip/tokenizer/options.hpp>
#include <clip/tokenizer/sentencepiece/piece_model.hpp>
#include <clip/tokens/texts.hpp>
#include <clip/tokens/vocabulary_identity.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {
struct PieceTables;
}

/// The id that fills rows up to the context.
///   stated   pad_token of the tokenizer_config.json beside the file. Without such a file what the models of its kind
///            were trained with: the end id after a unigram model (SigLIP), the padding id after BPE (SigLIP 2)
///   pad      the padding id that the model file states
///   end      the end id
enum class RowPadding : unsigned char { stated, pad, end };

struct SentencePieceOptions {
  Cleaning cleaning = Cleaning::none;  // before the normaliser of the file; it belongs to the weights
  RowPadding padding = RowPadding::stated;
};

/// Splits a text into pieces of a SentencePiece model: unigram (SigLIP's) or BPE (SigLIP 2's, Gemma's), with the
/// normaliser that the file holds. The ids equal those of the package sentencepiece. Texts are UTF-8; each invalid byte
/// is read as one U+FFFD. No text can produce the ids of control pieces such as </s>. Const calls are safe in any
/// number of threads. A unigram model remembers short words that it has split, in 2 to 4 MiB that its copies share; ids
/// do not depend on it.
///   SentencePiece tokenizer{"spiece.model", {.cleaning = Cleaning::canonicalize}};
///   const Texts rows = tokenizer({"a dog", "a cat"});      // ids, end id, padding: 64 ids by default
/// Rows are whole (Texts::whole) and as long as the context, since SigLIP's text towers read their padding. With the
/// ids of XLM-R and XLM-V (Meta CLIP 2) they are <s> … </s>, end with that id and are not filled.
class SentencePiece : public BatchCalls<SentencePiece, Texts, 64> {
 public:
  /// Raises the errors of try_open.
  CLIP_HOST explicit SentencePiece(const std::string& path, const SentencePieceOptions& options = {});

  /// A .model file; a tokenizer.json whose model is Unigram, or BPE with one normaliser for spaces (Gemma's form); a
  /// folder with spiece.model, sentencepiece.bpe.model, tokenizer.model or tokenizer.json. The content decides the
  /// format, not the name; but in a file named sentencepiece.bpe.model pieces have XLM-R's ids, not the file's own
  /// (sentencepiece/fairseq_ids.hpp). What surrounds a row is taken from tokenizer_config.json in the same folder, if
  /// there is one. LoadError: no such file, cut, damaged, of an unsupported kind (which is named).
  static CLIP_HOST Result<SentencePiece> try_open(const std::string& path, const SentencePieceOptions& options = {});
  /// The same from bytes; `config`: the text of a tokenizer_config.json, or empty.
  static CLIP_HOST Result<SentencePiece> try_parse(std::string_view file, const std::string& place,
                                                   const SentencePieceOptions& options = {},
                                                   std::string_view config = {});

  /// A copy of this tokenizer that cleans texts otherwise.
  SentencePiece with_cleaning(Cleaning cleaning) const {
    SentencePiece pieces{*this};
    pieces.cleaning_ = cleaning;
    return pieces;
  }

  CLIP_HOST Index vocabulary_size() const;
  PieceAlgorithm algorithm() const { return algorithm_; }
  Cleaning cleaning() const { return cleaning_; }
  /// Whether rows end with an id of their own, as XLM-R's do, and are not filled.
  bool ends_rows() const { return identity_->eot >= 0; }
  /// Start, end and padding of a row; -1: none.
  const RowIds& row() const { return row_; }
  CLIP_HOST std::int32_t unknown() const;
  /// File, size and checksum of the vocabulary: SHA-256 of its pieces by id, a line each. Batches carry it, and a model
  /// takes only those of its own size.
  const VocabularyIdentity& vocabulary() const { return *identity_; }
  /// The text and the kind of a piece. InputError: an id of vocabulary_size() or more, or below 0.
  CLIP_HOST std::string_view piece(std::int32_t id) const;
  CLIP_HOST PieceKind kind(std::int32_t id) const;

  /// The text after cleaning and the file's normaliser, as pieces spell it.
  /// InputError: more than 256 MiB, before or after.
  CLIP_HOST std::string normalize(std::string_view text) const;
  /// The ids of a text of any length, without those around it. InputError: as normalize().
  CLIP_HOST std::vector<std::int32_t> encode(std::string_view text) const;
  /// The text of ids, as the package gives it: control pieces are left out, unknown ones are the text that the file has
  /// for them, byte pieces are read as UTF-8.
  /// InputError: an id of vocabulary_size() or more, or below 0.
  CLIP_HOST std::string decode(Ids ids) const;

 private:
  friend class BatchCalls<SentencePiece, Texts, 64>;
  struct Scratch;

  SentencePiece() = default;

  /// Appends to scratch.ids. False: the normalised text is too long.
  CLIP_HOST bool encode(std::string_view text, Scratch& scratch) const;
  CLIP_HOST bool normalize(std::string_view text, Scratch& scratch) const;
  CLIP_HOST Result<Texts> try_batch(std::span<const std::string_view> batch, const TokenizeOptions& options) const;

  std::shared_ptr<const detail::PieceTables> tables_;  // copies share both: they do not change
  std::shared_ptr<const VocabularyIdentity> identity_;
  PieceAlgorithm algorithm_ = PieceAlgorithm::unigram;
  Cleaning cleaning_ = Cleaning::none;
  RowIds row_;
};

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/tokenizer/sentencepiece.inl.hpp>
#endif
