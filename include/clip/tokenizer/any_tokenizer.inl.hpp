// clip/tokenizer/any_tokenizer.inl.hpp: definitions of clip/tokenizer/any_tokenizer.hpp.
#pragma once

#include <clip/io/bytes.hpp>
#include <clip/io/find_file.hpp>
#include <clip/io/inflate.hpp>
#include <clip/tokenizer/any_tokenizer.hpp>
#include <clip/tokenizer/sentencepiece/model_file.hpp>
#include <clip/tokenizer/sentencepiece/tokenizer_json.hpp>
#include <clip/tokenizer/vocabulary/json_parts.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {
inline constexpr std::array<const char*, 7> any_vocabulary_files{"spiece.model",
                                                                 "tokenizer.model",
                                                                 "tokenizer.json",
                                                                 "vocab.json",
                                                                 "bpe_simple_vocab_16e6.txt.gz",
                                                                 "bpe_simple_vocab_16e6.txt",
                                                                 "merges.txt"};
}  // namespace detail

CLIP_HOST AnyTokenizer::AnyTokenizer(const std::string& path, std::optional<Cleaning> cleaning)
    : AnyTokenizer{try_open(path, cleaning).value()} {}

CLIP_HOST Result<AnyTokenizer> AnyTokenizer::try_open(const std::string& path, std::optional<Cleaning> cleaning) {
  const auto place = detail::try_find_file(path, detail::any_vocabulary_files);
  if (!place) return place.error();
  bool pieces = false;
  {
    const auto file = try_read_file(*place);
    if (!file) return file.error();
    const std::string_view text = as_text(*file);
    pieces = detail::is_piece_file(text) || (detail::looks_like_json(text) && detail::says_piece_json(text));
  }
  if (!pieces) {
    auto tokenizer = Tokenizer::try_open(*place, {.cleaning = cleaning.value_or(Cleaning::openai)});
    if (!tokenizer) return tokenizer.error();
    return AnyTokenizer{std::move(*tokenizer)};
  }
  auto opened = SentencePiece::try_open(*place);
  if (!opened) return opened.error();
  const bool unigram = opened->algorithm() == PieceAlgorithm::unigram;
  return AnyTokenizer{opened->with_cleaning(cleaning.value_or(unigram ? Cleaning::canonicalize : Cleaning::siglip2))};
}

CLIP_HOST Cleaning AnyTokenizer::cleaning() const {
  if (const auto* const tokenizer = std::get_if<Tokenizer>(&kind_)) return tokenizer->policy().cleaning;
  return std::get_if<SentencePiece>(&kind_)->cleaning();
}

CLIP_HOST RowIds AnyTokenizer::row() const {
  if (const auto* const tokenizer = std::get_if<Tokenizer>(&kind_))
    return {.start = tokenizer->sot(), .end = tokenizer->eot()};
  return std::get_if<SentencePiece>(&kind_)->row();
}

CLIP_HOST std::vector<std::int32_t> AnyTokenizer::encode(std::string_view text) const {
  return std::visit([&](const auto& tokenizer) { return tokenizer.encode(text); }, kind_);
}

CLIP_HOST Result<Texts> AnyTokenizer::try_batch(std::span<const std::string_view> batch,
                                                const TokenizeOptions& options) const {
  TokenizeOptions own = options;
  if (own.context == 0) own.context = context();
  return std::visit([&](const auto& tokenizer) { return tokenizer.try_tokenize(batch, own); }, kind_);
}

}  // namespace clip::inline CLIP_ABI
