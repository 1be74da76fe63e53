// clip/tokenizer/any_tokenizer.hpp: the tokenizer that a vocabulary file is for: CLIP's, SentencePiece, WordPiece or
// RoBERTa's.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/size.hpp>
#include <clip/tokenizer/batch_calls.hpp>
#include <clip/tokenizer/byte_level.hpp>
#include <clip/tokenizer/options.hpp>
#include <clip/tokenizer/sentencepiece.hpp>
#include <clip/tokenizer/tokenizer.hpp>
#include <clip/tokenizer/wordpiece.hpp>
#include <clip/tokens/kept_ids.hpp>
#include <clip/tokens/texts.hpp>
#include <clip/tokens/vocabulary_identity.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {
struct ReducedVocabulary;
}

/// A Tokenizer, a SentencePiece, a WordPiece or a ByteLevel, as the content of the file says.
///   AnyTokenizer tokenizer{"spiece.model"};
///   const Texts texts = tokenizer({"a dog", "a cat"});      // at most 77 ids, 64 of SigLIP's, 512 of WordPiece's
/// Without a cleaning, texts are cleaned as the models of the kind expect: `openai`; `canonicalize` for unigram pieces
/// (SigLIP); `siglip2` for BPE pieces (SigLIP 2); not at all for XLM-R's and RoBERTa's. WordPiece divides texts into
/// words by a rule of its own, with the letters that the tokenizer_config.json beside it states, without one those of
/// uncased models; it takes no cleaning.
///
/// With a reduced vocabulary it splits texts as the whole one does and gives each piece its new id. A piece that is not
/// kept has none: such a text is an InputError, clip.input.piece.
class AnyTokenizer : public BatchCalls<AnyTokenizer, Texts, 0> {
 public:
  explicit AnyTokenizer(Tokenizer tokenizer) : kind_{std::move(tokenizer)} {}
  explicit AnyTokenizer(SentencePiece pieces) : kind_{std::move(pieces)} {}
  explicit AnyTokenizer(ByteLevel bytes) : kind_{std::move(bytes)} {}
  explicit AnyTokenizer(WordPiece pieces) : kind_{std::move(pieces)} {}
  /// Raises the errors of try_open.
  CLIP_HOST explicit AnyTokenizer(const std::string& path, std::optional<Cleaning> cleaning = {});

  /// A file that Tokenizer, SentencePiece, WordPiece or ByteLevel opens, or a folder with one; .model files and vocab.txt
  /// come first. Before all others comes the reduced_vocabulary.json of a reduced vocabulary.
  /// LoadError, SystemError: those of the kind. OptionError: a cleaning for a WordPiece.
  static CLIP_HOST Result<AnyTokenizer> try_open(const std::string& path, std::optional<Cleaning> cleaning = {});

  /// The tokenizer with this tokenizer's reduced vocabulary. `kept`: ids of this one; special_ids() are among them.
  /// InputError: ids of a vocabulary of another size; a special id is not kept.
  [[nodiscard]] CLIP_HOST Result<AnyTokenizer> try_reduced(const KeptIds& kept) const;
  CLIP_HOST AnyTokenizer reduced(const KeptIds& kept) const;
  /// The ids that no reduced vocabulary is without: start, end and padding of a row, the unknown piece, and those of
  /// SentencePiece's that are no piece of a text: control pieces, bytes.
  CLIP_HOST std::vector<std::int32_t> special_ids() const;
  /// The ids of the whole vocabulary that a reduced one keeps; null: it is whole.
  CLIP_HOST const KeptIds* kept() const;

  /// The files that a folder needs to open as this tokenizer, as names and contents: a copy of the vocabulary's file,
  /// tokenizer_config.json where there is one beside it, and reduced_vocabulary.json for a reduced vocabulary, whose
  /// copy is named whole_…, so that no other program takes it for the model's.
  /// LoadError, SystemError: the vocabulary's file cannot be read any more.
  [[nodiscard]] CLIP_HOST Result<std::vector<std::pair<std::string, std::string>>> try_files() const;
  CLIP_HOST std::vector<std::pair<std::string, std::string>> files() const;

  /// The tokenizer of the whole vocabulary.
  const std::variant<Tokenizer, SentencePiece, ByteLevel, WordPiece>& kind() const { return kind_; }
  CLIP_HOST const VocabularyIdentity& vocabulary() const;
  Index vocabulary_size() const { return vocabulary().size; }
  /// The maximum number of ids per text if the caller states none (a context of 0).
  CLIP_HOST Index context() const;
  /// Of a WordPiece `none`.
  CLIP_HOST Cleaning cleaning() const;
  /// The ids around those of a text.
  CLIP_HOST RowIds row() const;

  /// The ids of a text of any length, without those around it. InputError: more than 256 MiB; a piece is not kept.
  CLIP_HOST std::vector<std::int32_t> encode(std::string_view text) const;

 private:
  friend class BatchCalls<AnyTokenizer, Texts, 0>;
  CLIP_HOST Result<Texts> try_batch(std::span<const std::string_view> batch, const TokenizeOptions& options) const;

  const VocabularyIdentity& whole_vocabulary() const {
    return std::visit([](const auto& t) -> const VocabularyIdentity& { return t.vocabulary(); }, kind_);
  }
  /// The error of a text with an id that is not kept.
  CLIP_HOST Error not_kept(const std::string& place, std::int32_t id) const;

  std::variant<Tokenizer, SentencePiece, ByteLevel, WordPiece> kind_;
  std::shared_ptr<const detail::ReducedVocabulary> reduced_;  // null: the whole vocabulary
};

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/tokenizer/any_tokenizer.inl.hpp>
#endif
