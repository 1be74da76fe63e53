// clip/tokenizer/sentencepiece/word_key.hpp: the first word of a text as a key of two numbers.
#pragma once

#include <clip/core/abi.hpp>
#include <clip/io/bytes.hpp>
#include <clip/tokenizer/sentencepiece/unknown_text.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace clip::inline CLIP_ABI::detail {

/// The bytes of a word after its space mark; in bits 56 to 59 of `high` their number, in bit 60 whether there was a
/// mark. Bits 61 to 63 are 0, and no key has 0 in bits 56 to 59.
struct WordKey {
  static constexpr std::size_t most_bytes = 15;

  std::uint64_t low = 0, high = 0;
  bool operator==(const WordKey&) const = default;

  std::size_t hash() const {
    const std::uint64_t h = (low * 0x9E3779B97F4A7C15U) ^ (high * 0xC2B2AE3D27D4EB4FU);
    return static_cast<std::size_t>(h ^ h >> 32);
  }
};

/// The first 16 bytes of a text, zeros after its end.
inline WordKey first_bytes(std::string_view text) {
  const std::span<const std::byte> bytes = as_byte_span(text);
  const std::size_t n = bytes.size();
  const auto eight = [&](std::size_t at) { return load_little<std::uint64_t>(bytes.data() + at); };
  if (n >= 16) return {eight(0), eight(8)};
  if (n > 8) return {eight(0), eight(n - 8) >> 8 * (16 - n)};
  if (n == 8) return {eight(0), 0};
  WordKey key;
  for (std::size_t i = 0; i < n; ++i) key.low |= static_cast<std::uint64_t>(bytes[i]) << 8 * i;
  return key;
}

/// The position of the first byte E2 at or after `from`, with which a space mark begins; 8: none.
inline std::size_t find_mark_byte(std::uint64_t bytes, std::size_t from) {
  constexpr std::uint64_t ones = 0x0101010101010101U;
  if (from >= 8) return 8;
  const std::uint64_t other = (bytes ^ 0xE2 * ones) | ((std::uint64_t{1} << 8 * from) - 1);
  return static_cast<std::size_t>(std::countr_zero((other - ones) & ~other & 0x80 * ones)) / 8;
}

/// Writes the key of the first word and returns its bytes with the mark; 0: none of at most most_bytes that a mark or
/// the end follows.
inline std::size_t read_word(std::string_view text, WordKey& key) {
  const std::size_t mark = begins_with_mark(text) ? space_mark.size() : 0;
  text.remove_prefix(mark);
  key = first_bytes(text);
  std::size_t n = 0;
  for (;; ++n) {
    n = n < 8 ? find_mark_byte(key.low, n) : n;
    if (n >= 8) n = 8 + find_mark_byte(key.high, n - 8);
    if (n >= text.size() || n > WordKey::most_bytes || begins_with_mark(text.substr(n))) break;
  }
  n = std::min(n, text.size());
  if (n == 0 || n > WordKey::most_bytes) return 0;
  if (n < 8) {
    key.low &= (std::uint64_t{1} << 8 * n) - 1;
    key.high = 0;
  } else {
    key.high &= (std::uint64_t{1} << 8 * (n - 8)) - 1;
  }
  key.high |= static_cast<std::uint64_t>(n | mark / space_mark.size() << 4) << 56;
  return n + mark;
}

}  // namespace clip::inline CLIP_ABI::detail
