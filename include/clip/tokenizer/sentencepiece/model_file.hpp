// clip/tokenizer/sentencepiece/model_file.hpp: reader for SentencePiece's .model files, a protocol buffer ModelProto.
#pragma once

#include <clip/core/result.hpp>
#include <clip/tokenizer/sentencepiece/piece_model.hpp>

#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI::detail {

/// Whether a file begins as a ModelProto does: with a piece, which holds a text.
CLIP_HOST bool is_piece_file(std::string_view file);

/// Reads pieces, trainer settings and normaliser. Fields that do not change how texts are split are skipped. The result
/// points into `file`.
/// LoadError: cut, or lengths that do not fit; no piece, trainer settings or normaliser settings; a piece that is empty
/// or not UTF-8, a score that is not finite, an unknown kind of piece; an algorithm other than unigram and BPE.
[[nodiscard]] CLIP_HOST Result<PieceModel> try_parse_piece_file(std::string_view file, const std::string& place);

}  // namespace clip::inline CLIP_ABI::detail

#if !CLIP_HOST_LINKED
#include <clip/tokenizer/sentencepiece/model_file.inl.hpp>
#endif
