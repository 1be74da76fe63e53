// clip/tokenizer/sentencepiece/piece_model.hpp: what a SentencePiece file says: pieces, algorithm, normaliser.
#pragma once

#include <clip/core/abi.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// What a piece is for; the numbers are those of the file.
///   normal         found in texts
///   unknown        stands for what no piece spells
///   control        never found in a text: begin, end, padding
///   user_defined   always found as a whole, and read before the normaliser changes anything
///   unused         its id is never given; BPE splits it back into the two pieces it was joined from
///   byte           one byte of a character that no piece spells
enum class PieceKind : unsigned char { normal = 1, unknown, control, user_defined, unused, byte };

/// unigram: the pieces with the largest sum of scores. bpe: the pair with the best score is joined, again and again.
enum class PieceAlgorithm : unsigned char { unigram = 1, bpe };

namespace detail {

/// The mark that SentencePiece writes for a space, U+2581.
inline constexpr std::string_view space_mark = "\xE2\x96\x81";

struct Piece {
  std::string_view text;  // points into the file
  float score = 0;
  PieceKind kind = PieceKind::normal;
};

/// One merge of a tokenizer.json: `whole` is joined from its first `left` bytes and the rest. Earlier merges win.
struct PieceMerge {
  std::int32_t whole;
  std::uint32_t left;
};

struct NormalizerRules {
  std::string_view character_map;  // precompiled, see character_map.hpp; empty: none
  bool dummy_prefix = true;        // a space before the text
  bool remove_extra_spaces = true;
  bool escape_spaces = true;  // a space is written as space_mark
  bool space_at_end = false;  // the space of dummy_prefix comes after the text
  bool lower_case = false;    // letter by letter, before anything else (tokenizer.json)
};

/// A file of pieces as read, before tables are built. Points into the file.
struct PieceModel {
  std::vector<Piece> pieces;  // by id
  PieceAlgorithm algorithm = PieceAlgorithm::unigram;
  NormalizerRules normalizer;
  bool byte_fallback = false;
  std::vector<PieceMerge> merges;                    // of a tokenizer.json; a .model has scores instead
  bool has_merges = false;                           // merges is the list, even if it is empty
  std::int32_t bos = 1, eos = 2, pad = -1;           // as the file states them; -1: none
  std::string_view unknown_text = " \xE2\x81\x87 ";  // of decode

  /// Whether the ids begin as XLM-R's do, <s> 0, <pad> 1, </s> 2, <unk> 3: rows are then <s> ... </s>.
  bool has_fairseq_order() const {
    return pieces.size() > 4 && pieces[0].text == "<s>" && pieces[1].text == "<pad>" && pieces[2].text == "</s>" &&
           pieces[3].text == "<unk>";
  }
};

}  // namespace detail

}  // namespace clip::inline CLIP_ABI
