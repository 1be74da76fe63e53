// clip/tokenizer/sentencepiece/piece_tables.hpp: the tables of a SentencePiece model, built once and then only read.
#pragma once

#include <clip/core/result.hpp>
#include <clip/tokenizer/sentencepiece/merge.hpp>
#include <clip/tokenizer/sentencepiece/normalizer.hpp>
#include <clip/tokenizer/sentencepiece/piece_model.hpp>
#include <clip/tokenizer/sentencepiece/unigram.hpp>
#include <clip/tokenizer/sentencepiece/unknown_text.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

struct PieceTables {
  PieceNormalizer normalizer;
  std::variant<UnigramPieces, MergedPieces> splitter;
  UnknownIds unknown;
  std::string unknown_text;
  std::string texts;  // of all pieces, one after the other
  std::vector<std::size_t> ends;
  std::vector<PieceKind> kinds;

  std::size_t size() const { return ends.size(); }
  std::string_view text(std::size_t id) const {
    const std::size_t begin = id == 0 ? 0 : ends[id - 1];
    return std::string_view{texts}.substr(begin, ends[id] - begin);
  }
  /// The id of a piece; -1: none. Looks at all of them.
  CLIP_HOST std::int32_t find(std::string_view piece) const;
};

/// The byte of a piece "<0x41>"; -1: another spelling.
CLIP_HOST int byte_of_piece(std::string_view piece);

/// LoadError: two equal pieces, not exactly one unknown piece, byte pieces that are not 256, or without byte fallback;
/// the errors of the parts. clip.load.budget: tables of more than `budget` bytes.
[[nodiscard]] CLIP_HOST Result<PieceTables> try_build_tables(const PieceModel& model, const std::string& place,
                                                             std::size_t budget);

}  // namespace clip::inline CLIP_ABI::detail

#if !CLIP_HOST_LINKED
#include <clip/tokenizer/sentencepiece/piece_tables.inl.hpp>
#endif
