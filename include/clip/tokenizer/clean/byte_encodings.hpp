// clip/tokenizer/clean/byte_encodings.hpp: text back to the bytes it was wrongly decoded from, and these to characters.
//
// The steps of ftfy 6.3.1 between an encoding of one byte per character and UTF-8: bytes that were lost on the way are
// put back where the rest shows what they were.
#pragma once

#include <clip/tokenizer/clean/mojibake_tables.hpp>
#include <clip/tokenizer/unicode/unicode.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI::detail {

/// The bytes of `text`, or nothing if a character has none. A sloppy encoding reads U+FFFD as byte 0x1A: a lost one.
inline std::optional<std::string> encode_bytes(std::u32string_view text, const ByteEncoding& encoding) {
  std::string bytes(text.size(), '\0');
  for (std::size_t i = 0; i < text.size(); ++i) {
    char32_t byte = text[i];
    if (byte >= 0x80) {
      if (byte > 0xFFFF) return std::nullopt;
      const auto* at = std::ranges::find(encoding.high, static_cast<char16_t>(byte));
      if (at != std::end(encoding.high)) {
        byte = 0x80 + static_cast<char32_t>(at - encoding.high);
      } else if (encoding.sloppy && byte == replacement_character) {
        byte = 0x1A;
      } else {
        return std::nullopt;
      }
    } else if (encoding.sloppy && byte == 0x1A) {
      return std::nullopt;
    }
    bytes[i] = static_cast<char>(static_cast<unsigned char>(byte));
  }
  return bytes;
}

/// A range of bytes, or a byte by itself. `lost`, `question` and `space` match beside it.
struct BytePattern {
  unsigned char first, last;
  bool lost = false, question = false;
};

/// Whether `bytes` has at `at` what the pattern asks for, byte by byte.
inline bool matches(std::string_view bytes, std::size_t at, std::span<const BytePattern> pattern) {
  if (bytes.size() - at < pattern.size()) return false;
  for (const BytePattern& p : pattern) {
    const auto b = static_cast<unsigned char>(bytes[at++]);
    if (!((b >= p.first && b <= p.last) || (p.lost && b == 0x1A) || (p.question && b == '?'))) return false;
  }
  return true;
}

/// The length of the UTF-8 character at `at` in which one byte 0xA0 (no-break space) became a space, or 0. Only where
/// the result is a common character: "Ã " is "à", but "á " is not the beginning of a Mongolian letter.
inline std::size_t altered_length(std::string_view bytes, std::size_t at) {
  constexpr std::string_view firsts_of_2 = "\xC2\xC3\xC5\xCE\xD0\xD9";
  constexpr BytePattern space{' ', ' '}, any{0x80, 0xBF};
  if (bytes.size() - at >= 2 && bytes[at + 1] == ' ' && firsts_of_2.find(bytes[at]) != firsts_of_2.npos) return 2;
  const auto odd = [&](std::size_t i) {  // a later byte, neither 0xA0 (the space itself) nor 0x85 (a line end)
    const auto b = at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0;
    return b >= 0x80 && b <= 0xBF && b != 0xA0 && b != 0x85;
  };
  if (matches(bytes, at, std::array{BytePattern{0xE2, 0xE3}, space}) && odd(2)) return 3;
  if (matches(bytes, at, std::array{BytePattern{0xE0, 0xE3}, any, space}) && odd(1)) return 3;
  constexpr BytePattern first{0xF0, 0xF0};
  if (matches(bytes, at, std::array{first, space, any, any}) ||
      matches(bytes, at, std::array{first, any, space, any}) || matches(bytes, at, std::array{first, any, any, space}))
    return 4;
  return 0;
}

/// Puts bytes 0xA0 back that became spaces. A single "Ã " keeps its space and becomes "à ", a word by itself, except
/// in the Portuguese words that begin with it (às, àquele, àquela, àquilo).
inline std::string restore_no_break_spaces(std::string_view bytes) {
  std::string words;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    words.push_back(bytes[at]);
    if (bytes[at] != '\xC3' || at + 1 == bytes.size() || bytes[at + 1] != ' ') continue;
    const std::string_view rest = bytes.substr(at + 2);
    const bool joined = std::ranges::any_of(std::array<std::string_view, 5>{" ", "quele", "quela", "quilo", "s "},
                                            [&](std::string_view next) { return rest.starts_with(next); });
    if (!joined) words.push_back('\xA0');
  }
  for (std::size_t at = 0; at < words.size();) {
    const std::size_t length = altered_length(words, at);
    std::replace(words.begin() + static_cast<std::ptrdiff_t>(at),
                 words.begin() + static_cast<std::ptrdiff_t>(at + length), ' ', '\xA0');
    at += std::max<std::size_t>(length, 1);
  }
  return words;
}

/// The length of the UTF-8 character (or pair of surrogates) at `at` of which bytes are lost, or 0. A question mark may
/// stand for one of them.
inline std::size_t lossy_length(std::string_view bytes, std::size_t at) {
  using P = BytePattern;
  constexpr P later{0x80, 0xBF, true}, late{0x80, 0xBF, true, true}, lost{0x1A, 0x1A}, gone{0x1A, 0x1A, true, true};
  constexpr P high{0xED, 0xED}, high_2{0xA0, 0xAF}, low_2{0xB0, 0xBF}, of_3{0xE0, 0xEF}, of_4{0xF0, 0xF4};
  if (matches(bytes, at, std::array{P{0xC2, 0xDF}, lost})) return 2;
  if (matches(bytes, at, std::array{P{0xC2, 0xC3}, P{'?', '?'}})) return 2;
  if (matches(bytes, at, std::array{high, high_2, gone, high, low_2, late})) return 6;
  if (matches(bytes, at, std::array{high, high_2, late, high, low_2, gone})) return 6;
  if (matches(bytes, at, std::array{of_3, gone, later}) || matches(bytes, at, std::array{of_3, later, gone})) return 3;
  if (matches(bytes, at, std::array{of_4, gone, later, later}) ||
      matches(bytes, at, std::array{of_4, later, gone, later}) ||
      matches(bytes, at, std::array{of_4, later, later, gone}))
    return 4;
  return bytes[at] == '\x1A' ? 1 : 0;
}

/// Replaces each character with lost bytes by U+FFFD.
inline std::string replace_lossy(std::string_view bytes) {
  std::string out;
  for (std::size_t at = 0; at < bytes.size();) {
    if (const std::size_t length = lossy_length(bytes, at)) {
      out += "\uFFFD";
      at += length;
    } else {
      out.push_back(bytes[at++]);
    }
  }
  return out;
}

/// The characters of UTF-8, or nothing if `bytes` is none. Two variants count: NUL as 0xC0 0x80 (Java) and pairs of
/// surrogates (CESU-8). As in ftfy 6.3.1, a line end that ends the text takes the place of the last byte of either.
inline std::optional<std::u32string> decode_utf8_variants(std::string_view bytes) {
  std::u32string out;
  const auto byte = [&](std::size_t i) -> char32_t {
    return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0u;
  };
  const auto last_line_end = [&](std::size_t i) { return i + 1 == bytes.size() && byte(i) == '\n'; };
  for (std::size_t at = 0; at < bytes.size();) {
    if (byte(at) == 0xC0 && (byte(at + 1) == 0x80 || last_line_end(at + 1))) {
      out.push_back(0);
      at += 2;
      continue;
    }
    if (byte(at) == 0xED && (byte(at + 1) & 0xF0) == 0xA0 && (byte(at + 2) & 0xC0) == 0x80 && byte(at + 3) == 0xED &&
        (byte(at + 4) & 0xF0) == 0xB0 && ((byte(at + 5) & 0xC0) == 0x80 || last_line_end(at + 5))) {
      out.push_back(0x10000 + ((byte(at + 1) & 0x0F) << 16) + ((byte(at + 2) & 0x3F) << 10) +
                    ((byte(at + 4) & 0x0F) << 6) + (byte(at + 5) & 0x3F));
      at += 6;
      continue;
    }
    const CodePoint c = decode_utf8(bytes, at);
    if (c.bytes == 1 && c.value >= 0x80) return std::nullopt;  // only U+FFFD for an invalid byte has one byte
    out.push_back(c.value);
    at += c.bytes;
  }
  return out;
}

}  // namespace clip::inline CLIP_ABI::detail
