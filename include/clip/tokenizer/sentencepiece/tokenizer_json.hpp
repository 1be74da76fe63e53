// clip/tokenizer/sentencepiece/tokenizer_json.hpp: a SentencePiece model as Hugging Face's tokenizer.json.
#pragma once

#include <clip/core/result.hpp>
#include <clip/io/json.hpp>
#include <clip/tokenizer/sentencepiece/piece_model.hpp>
#include <clip/tokenizer/vocabulary/json_parts.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace clip::inline CLIP_ABI::detail {

/// Whether a tokenizer.json holds a SentencePiece model, from its text alone: it says that its model is Unigram, or
/// that there is no end-of-word suffix, where CLIP's BPE has one.
CLIP_HOST bool says_piece_json(std::string_view file);

/// A model that points into the Json it was read from and into itself.
struct PieceJson {
  PieceModel model;
  std::string character_map;
};

/// Reads `model`, `added_tokens`, `normalizer` and `pre_tokenizer`. Special added tokens are control pieces, which no
/// text can produce (Hugging Face's tokenizers find their names in texts); the others are user-defined pieces. Scores
/// are read as float.
/// LoadError: another type of model, normaliser or pre-tokeniser (named); ids that are not 0, 1, 2, …; a merge that is
/// not of two pieces.
[[nodiscard]] CLIP_HOST Result<void> try_read_piece_json(const Json& file, const std::string& place, PieceJson& out);

/// build(model) of the model in a tokenizer.json.
template <class Build>
auto with_piece_json(std::string_view file, const std::string& place, Build build)
    -> decltype(build(std::declval<const PieceModel&>())) {
  auto json = try_parse_json(without_byte_order_mark(file), place);
  if (!json) return json.error();
  const DismantledAtEnd end{*json};
  PieceJson pieces;
  if (auto done = try_read_piece_json(*json, place, pieces); !done) return done.error();
  return build(pieces.model);
}

}  // namespace clip::inline CLIP_ABI::detail

#if !CLIP_HOST_LINKED
#include <clip/tokenizer/sentencepiece/tokenizer_json.inl.hpp>
#endif
