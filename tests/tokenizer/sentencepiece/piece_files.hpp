// tests/tokenizer/sentencepiece/piece_files.hpp: the models of make_models.py, and .model files made by hand.
#pragma once

#include <clip/io/bytes.hpp>
#include <clip/io/inflate.hpp>

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

inline std::string piece_file(const std::string& name) {
  const auto bytes = clip::read_file(CLIP_SOURCE_DIR "/tests/tokenizer/sentencepiece/" + name);
  return std::string(clip::as_text(bytes));
}

inline std::string varint(std::uint64_t value) {
  std::string out;
  for (; value > 127; value >>= 7) out.push_back(static_cast<char>(value | 128));
  out.push_back(static_cast<char>(value));
  return out;
}
inline std::string number_field(std::uint64_t key, std::uint64_t value) { return varint(key << 3) + varint(value); }
inline std::string bytes_field(std::uint64_t key, std::string_view bytes) {
  return varint(key << 3 | 2) + varint(bytes.size()) + std::string(bytes);
}

/// One piece of a file; the kinds are those of PieceKind.
struct HandPiece {
  std::string text;
  float score = 0;
  int kind = 1;
};

/// A .model file. `trainer`, `normalizer`: fields of these messages.
inline std::string hand_made(const std::vector<HandPiece>& pieces, const std::string& trainer = {},
                             const std::string& normalizer = {}) {
  std::string file;
  for (const HandPiece& piece : pieces) {
    std::string score(4, '\0');
    clip::store_little(reinterpret_cast<std::byte*>(score.data()), std::bit_cast<std::uint32_t>(piece.score));
    file += bytes_field(1, bytes_field(1, piece.text) + varint(2 << 3 | 5) + score +
                               number_field(3, static_cast<std::uint64_t>(piece.kind)));
  }
  return file + bytes_field(2, trainer) + bytes_field(3, normalizer);
}
