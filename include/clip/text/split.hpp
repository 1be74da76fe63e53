// clip/text/split.hpp: a cleaned text cut into the pieces that byte-pair merges stay within.
//
// The reference's regular expression, tried in this order at each place, upper and lower case alike:
//   <|startoftext|>  <|endoftext|>  's 't 're 've 'm 'll 'd  \p{L}+  \p{N}  [^\s\p{L}\p{N}]+
#pragma once

#include <clip/text/unicode.hpp>

#include <array>
#include <cstddef>
#include <string_view>

namespace clip::inline CLIP_ABI {

inline constexpr std::string_view start_of_text = "<|startoftext|>";
inline constexpr std::string_view end_of_text = "<|endoftext|>";

namespace detail {

inline constexpr std::array<CodeClass, 128> ascii_class = [] {
  std::array<CodeClass, 128> classes{};
  for (char32_t c = 0; c < 128; ++c) classes[c] = code_class(c);
  return classes;
}();

struct ClassAt {
  CodeClass kind;
  std::size_t bytes;
};

inline ClassAt class_at(std::string_view text, std::size_t at) {
  const auto byte = static_cast<unsigned char>(text[at]);
  if (byte < 128) return {ascii_class[byte], 1};
  const CodePoint c = decode_utf8(text, at);
  return {code_class(c.value), c.bytes};
}

/// Bytes of text[at …] that spell `word` (lower case) when case is ignored, or 0. In lower-case text only the long s U+017F
/// is still another case of an ASCII letter.
inline std::size_t spelled(std::string_view text, std::size_t at, std::string_view word) {
  const std::size_t begin = at;
  for (const char c : word) {
    if (at < text.size() && text[at] == c) {
      ++at;
    } else if (c == 's' && text.substr(at, 2) == "\xC5\xBF") {
      at += 2;
    } else {
      return 0;
    }
  }
  return at - begin;
}

/// Length of a special string or a contraction at text[at], or 0.
inline std::size_t fixed_piece(std::string_view text, std::size_t at) {
  if (text[at] == '<') {
    if (const std::size_t n = spelled(text, at, start_of_text)) return n;
    return spelled(text, at, end_of_text);
  }
  if (text[at] == '\'') {
    for (const std::string_view ending : {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"}) {
      if (const std::size_t n = spelled(text, at, ending)) return n;
    }
  }
  return 0;
}

}  // namespace detail

/// Calls piece(std::string_view) for each piece of `text`, in order. `text` is lower case and valid UTF-8.
template <class Piece>
void split_pieces(std::string_view text, Piece&& piece) {
  for (std::size_t at = 0; at < text.size();) {
    const auto first = detail::class_at(text, at);
    std::size_t length = first.bytes;
    if (first.kind == CodeClass::space) {
      at += length;
      continue;
    }
    if (const std::size_t fixed = first.kind == CodeClass::other ? detail::fixed_piece(text, at) : 0; fixed != 0) {
      length = fixed;
    } else if (first.kind != CodeClass::number) {
      while (at + length < text.size()) {
        const auto next = detail::class_at(text, at + length);
        if (next.kind != first.kind) break;
        length += next.bytes;
      }
    }
    piece(text.substr(at, length));
    at += length;
  }
}

}  // namespace clip::inline CLIP_ABI
