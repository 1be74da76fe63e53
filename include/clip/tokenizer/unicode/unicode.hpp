// clip/tokenizer/unicode/unicode.hpp: UTF-8, character classes and lower case.
#pragma once

#include <clip/core/abi.hpp>
#include <clip/core/ascii.hpp>
#include <clip/tokenizer/unicode/unicode_tables.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

inline constexpr char32_t replacement_character = 0xFFFD;

struct CodePoint {
  char32_t value;
  std::size_t bytes;
};

/// Decodes the character at text[at]. A byte that begins no valid character (a stray continuation, an overlong form, a
/// surrogate, a truncated end) is decoded as one U+FFFD of one byte: nothing is skipped and nothing throws.
inline CodePoint decode_utf8(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) -> std::uint32_t {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0u;
  };
  const auto continues = [&](std::size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const std::uint32_t b = byte(0);
  if (b < 0x80) return {b, 1};
  if (b < 0xE0) {
    if (b >= 0xC2 && continues(1)) return {(b & 0x1F) << 6 | (byte(1) & 0x3F), 2};
  } else if (b < 0xF0) {
    const char32_t c = (b & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
    if (continues(1) && continues(2) && c >= 0x800 && (c < 0xD800 || c > 0xDFFF)) return {c, 3};
  } else if (b < 0xF5) {
    const char32_t c = (b & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F);
    if (continues(1) && continues(2) && continues(3) && c >= 0x10000 && c <= 0x10FFFF) return {c, 4};
  }
  return {replacement_character, 1};
}

inline void append_utf8(std::string& out, char32_t c) {
  const auto put = [&](char32_t byte) { out.push_back(static_cast<char>(static_cast<unsigned char>(byte))); };
  if (c < 0x80) return put(c);
  if (c < 0x800) {
    put(0xC0 | c >> 6);
  } else {
    if (c < 0x10000) {
      put(0xE0 | c >> 12);
    } else {
      put(0xF0 | c >> 18);
      put(0x80 | (c >> 12 & 0x3F));
    }
    put(0x80 | (c >> 6 & 0x3F));
  }
  put(0x80 | (c & 0x3F));
}

/// Replaces `out` by the characters of `text`.
inline void decode_utf8(std::string_view text, std::u32string& out) {
  out.clear();
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decode_utf8(text, at);
    out.push_back(c.value);
    at += c.bytes;
  }
}

/// `text` with every invalid byte replaced by U+FFFD.
inline std::string valid_utf8(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decode_utf8(text, at);
    append_utf8(out, c.value);
    at += c.bytes;
  }
  return out;
}

/// The classes that the pre-tokenizer distinguishes: \s, \p{L}, \p{N} and the rest.
enum class CodeClass : std::uint8_t { other, letter, number, space };

/// \s of Unicode regular expressions.
constexpr bool is_space(char32_t c) {
  if (c < 0x80) return c == ' ' || (c >= 9 && c <= 13);
  return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 ||
         c == 0x202F || c == 0x205F || c == 0x3000;
}

namespace detail {
/// The value of the range that contains c, or 0.
template <std::size_t N>
constexpr std::uint8_t value_in(const CodeRange (&ranges)[N], char32_t c) {
  const auto* r = std::partition_point(std::begin(ranges), std::end(ranges),
                                       [c](const CodeRange& range) { return range.last < c; });
  return r != std::end(ranges) && r->first <= c ? r->value : std::uint8_t{0};
}
}  // namespace detail

constexpr CodeClass code_class(char32_t c) {
  return is_space(c) ? CodeClass::space : static_cast<CodeClass>(detail::value_in(detail::class_ranges, c));
}

/// The lower case of c if it is one character (only U+0130 has two); c itself if it has none.
constexpr char32_t lower_case(char32_t c) {
  if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + 32 : c;
  const auto* r = std::partition_point(std::begin(detail::lower_runs), std::end(detail::lower_runs),
                                       [c](const detail::LowerRun& run) { return run.last < c; });
  if (r == std::end(detail::lower_runs) || c < r->first || (c - r->first) % static_cast<char32_t>(r->step) != 0)
    return c;
  return static_cast<char32_t>(static_cast<std::int32_t>(c) + r->distance);
}

namespace detail {
/// Whether the capital sigma at text[at] is final: a cased letter precedes it and
/// none follows, ignorable characters skipped.
inline bool final_sigma(const std::u32string& text, std::size_t at) {
  std::uint8_t seen = 0;
  for (std::size_t i = at; i-- > 0;) {
    if ((seen = value_in(sigma_ranges, text[i])) != 2) break;
  }
  if (seen != 1) return false;
  seen = 0;
  for (std::size_t i = at + 1; i < text.size(); ++i) {
    if ((seen = value_in(sigma_ranges, text[i])) != 2) break;
  }
  return seen != 1;
}
}  // namespace detail

/// Replaces `out` by the lower case of each letter by itself; U+0130 becomes two characters.
inline void lower_letters(const std::u32string& text, std::u32string& out) {
  out.clear();
  for (const char32_t c : text) {
    if (c == 0x130) {
      out += U"i\u0307";
    } else {
      out.push_back(lower_case(c));
    }
  }
}

/// The same for UTF-8; each invalid byte of `text` becomes U+FFFD.
inline void lower_letters(std::string_view text, std::string& out) {
  out.clear();
  for (std::size_t at = 0; at < text.size();) {
    if (static_cast<unsigned char>(text[at]) < 0x80) {
      out.push_back(detail::lower_ascii(text[at++]));
      continue;
    }
    const CodePoint c = decode_utf8(text, at);
    at += c.bytes;
    if (c.value == 0x130) out.push_back('i');
    append_utf8(out, c.value == 0x130 ? U'\u0307' : lower_case(c.value));
  }
}

/// Replaces `out` by the full, language-independent lower case: as above, and a sigma at the end of a word is final.
inline void lower_case(const std::u32string& text, std::u32string& out) {
  lower_letters(text, out);
  std::size_t at = 0;  // position in `out`
  for (std::size_t i = 0; i < text.size(); ++i, ++at) {
    if (text[i] == 0x130) {
      ++at;
    } else if (text[i] == 0x3A3 && detail::final_sigma(text, i)) {
      out[at] = 0x3C2;
    }
  }
}

}  // namespace clip::inline CLIP_ABI
