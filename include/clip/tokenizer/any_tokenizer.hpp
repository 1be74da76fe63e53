// clip/tokenizer/any_tokenizer.hpp: the tokenizer that a vocabulary file is for: CLIP's BPE or SentencePiece.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/size.hpp>
#include <clip/tokenizer/batch_calls.hpp>
#include <clip/tokenizer/options.hpp>
#include <clip/tokenizer/sentencepiece.hpp>
#include <clip/tokenizer/tokenizer.hpp>
#include <clip/tokens/texts.hpp>
#include <clip/tokens/vocabulary_identity.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace clip::inline CLIP_ABI {

/// A Tokenizer or a SentencePiece, as the content of the file says.
///   AnyTokenizer tokenizer{"spiece.model"};
///   const Texts texts = tokenizer({"a dog", "a cat"});      // at most 77 ids of CLIP's, 64 of SentencePiece's
/// Without a cleaning, texts are cleaned as the models of the kind expect: `openai`; `canonicalize` for unigram pieces
/// (SigLIP); `siglip2` for BPE pieces (SigLIP 2).
class AnyTokenizer : public BatchCalls<AnyTokenizer, Texts, 0> {
 public:
  explicit AnyTokenizer(Tokenizer tokenizer) : kind_{std::move(tokenizer)} {}
  explicit AnyTokenizer(SentencePiece pieces) : kind_{std::move(pieces)} {}
  /// Raises the errors of try_open.
  CLIP_HOST explicit AnyTokenizer(const std::string& path, std::optional<Cleaning> cleaning = {});

  /// A file that Tokenizer or SentencePiece opens, or a folder with one; spiece.model and tokenizer.model come first.
  /// LoadError, SystemError: those of the kind.
  static CLIP_HOST Result<AnyTokenizer> try_open(const std::string& path, std::optional<Cleaning> cleaning = {});

  const std::variant<Tokenizer, SentencePiece>& kind() const { return kind_; }
  const VocabularyIdentity& vocabulary() const {
    return std::visit([](const auto& t) -> const VocabularyIdentity& { return t.vocabulary(); }, kind_);
  }
  Index vocabulary_size() const { return vocabulary().size; }
  /// The maximum number of ids per text if the caller states none (a context of 0).
  Index context() const { return std::holds_alternative<Tokenizer>(kind_) ? 77 : 64; }
  CLIP_HOST Cleaning cleaning() const;
  /// The ids around those of a text.
  CLIP_HOST RowIds row() const;

  /// The ids of a text of any length, without those around it. InputError: more than 256 MiB.
  CLIP_HOST std::vector<std::int32_t> encode(std::string_view text) const;

 private:
  friend class BatchCalls<AnyTokenizer, Texts, 0>;
  CLIP_HOST Result<Texts> try_batch(std::span<const std::string_view> batch, const TokenizeOptions& options) const;

  std::variant<Tokenizer, SentencePiece> kind_;
};

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/tokenizer/any_tokenizer.inl.hpp>
#endif
