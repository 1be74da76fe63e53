// clip/tokenizer/sentencepiece/unknown_text.hpp: the ids of what no piece spells: bytes, or one unknown id per run.
#pragma once

#include <clip/core/abi.hpp>
#include <clip/tokenizer/sentencepiece/piece_model.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

/// Bytes of the UTF-8 character that begins with c, as SentencePiece counts them: a stray continuation is one.
inline constexpr std::array<unsigned char, 16> character_bytes{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 3, 4};

/// The bytes of the first character, no more than there are.
inline std::size_t first_character(std::string_view text) {
  const std::size_t bytes = character_bytes[static_cast<unsigned char>(text.front()) >> 4];
  return bytes < text.size() ? bytes : text.size();
}

inline bool begins_with_mark(std::string_view text) {
  return text.size() >= space_mark.size() && text[0] == space_mark[0] && text[1] == space_mark[1] &&
         text[2] == space_mark[2];
}

/// Bytes of the word at the beginning of `text`: up to a space mark that follows another character.
inline std::size_t first_word(std::string_view text) {
  std::size_t at = 0;
  while (begins_with_mark(text.substr(at))) at += space_mark.size();
  while (at < text.size() && !(text[at] == space_mark[0] && begins_with_mark(text.substr(at)))) ++at;
  return at;
}

/// Whether a space mark follows another character inside a piece, so that it spans words.
inline bool spans_words(std::string_view piece) { return first_word(piece) < piece.size(); }

struct UnknownIds {
  std::int32_t unknown = 0;
  bool byte_fallback = false;
  std::array<std::int32_t, 256> bytes{};  // of the pieces <0x00> … <0xFF>

  /// Appends the ids of a symbol without an id. `after_unknown`: the symbol before had none either.
  void append(std::string_view symbol, bool after_unknown, std::vector<std::int32_t>& ids) const {
    if (byte_fallback) {
      for (const char c : symbol) ids.push_back(bytes[static_cast<unsigned char>(c)]);
    } else if (!after_unknown) {
      ids.push_back(unknown);
    }
  }
};

/// Takes the pieces of a text in order and appends their ids; an id of -1 is unknown text.
struct PieceEmitter {
  const UnknownIds* unknown;
  std::vector<std::int32_t>* ids;
  bool after_unknown = false;

  void operator()(std::string_view piece, std::int32_t id) {
    if (id >= 0) {
      ids->push_back(id);
    } else {
      unknown->append(piece, after_unknown, *ids);
    }
    after_unknown = id < 0;
  }
};

}  // namespace clip::inline CLIP_ABI::detail
