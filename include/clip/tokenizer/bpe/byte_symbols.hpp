// clip/tokenizer/bpe/byte_symbols.hpp: printable characters for the 256 bytes, in the order of OpenAI's vocabulary.
//
// A vocabulary file is text, so it writes every byte as a printable character: bytes 33-126, 161-172 and 174-255 as
// themselves, and the other 68, in ascending order, as U+0100, U+0101, … The ids 0-255 follow the same order.
// Source: CLIP, clip/simple_tokenizer.py, bytes_to_unicode.
#pragma once

#include <clip/core/abi.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace clip::inline CLIP_ABI {

constexpr bool byte_is_printable(int byte) {
  return (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 255 && byte != 173);
}

/// The byte of each id, 0 … 255.
inline constexpr std::array<std::uint8_t, 256> byte_of_symbol = [] {
  std::array<std::uint8_t, 256> bytes{};
  std::size_t next = 0;
  for (const bool printable : {true, false}) {
    for (int byte = 0; byte < 256; ++byte) {
      if (byte_is_printable(byte) == printable) bytes[next++] = static_cast<std::uint8_t>(byte);
    }
  }
  return bytes;
}();

/// The id of each byte.
inline constexpr std::array<std::uint8_t, 256> symbol_of_byte = [] {
  std::array<std::uint8_t, 256> symbols{};
  for (std::size_t id = 0; id < 256; ++id) symbols[byte_of_symbol[id]] = static_cast<std::uint8_t>(id);
  return symbols;
}();

/// The character that represents id 0 … 255 in vocabulary files.
constexpr char32_t symbol_character(int id) {
  return id < 188 ? char32_t{byte_of_symbol[static_cast<std::size_t>(id)]} : static_cast<char32_t>(0x100 + id - 188);
}

/// The id that a character represents, or -1.
constexpr int symbol_of_character(char32_t c) {
  if (c < 256) return byte_is_printable(static_cast<int>(c)) ? symbol_of_byte[c] : -1;
  return c < 0x100 + 68 ? static_cast<int>(c) - 0x100 + 188 : -1;
}

}  // namespace clip::inline CLIP_ABI
