// clip/tokenizer/bpe/split.hpp: pre-tokenizer: cuts a cleaned text into pieces, which BPE encodes one by one.
//
// The reference's regular expression. At each position the alternatives are tried in this order; case is ignored:
//   <|startoftext|>  <|endoftext|>  's 't 're 've 'm 'll 'd  \p{L}+  \p{N}  [^\s\p{L}\p{N}]+
// The first two are optional (options.hpp). The expression of transformers is case-sensitive. If case
// is ignored, U+0345 matches none of the alternatives (it is a mark, but its capital is the letter
// iota): it splits the text and is dropped.
#pragma once

#include <clip/tokenizer/options.hpp>
#include <clip/tokenizer/unicode/unicode.hpp>

#include <array>
#include <cstddef>
#include <string_view>

namespace clip::inline CLIP_ABI {

/// The parts of the expression that differ between tokenizers.
struct SplitRules {
  SpecialPair specials = strings_of(SpecialStrings::openai);
  bool ignore_case = true;  // in lower-case text: the long s U+017F matches s, and U+0345 matches nothing
};

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

inline ClassAt class_at(std::string_view text, std::size_t at, const SplitRules& rules) {
  const auto byte = static_cast<unsigned char>(text[at]);
  if (byte < 128) return {ascii_class[byte], 1};
  const CodePoint c = decode_utf8(text, at);
  if (c.value == 0x345 && rules.ignore_case) return {CodeClass::space, c.bytes};
  return {code_class(c.value), c.bytes};
}

/// The length in bytes of `word` (lower case) at text[at], or 0 if it is not there. In lower-case text the long s
/// U+017F is the only other case variant of an ASCII letter.
inline std::size_t spelled(std::string_view text, std::size_t at, std::string_view word, bool ignore_case) {
  const std::size_t begin = at;
  for (const char c : word) {
    if (at < text.size() && text[at] == c) {
      ++at;
    } else if (ignore_case && c == 's' && text.substr(at, 2) == "\xC5\xBF") {
      at += 2;
    } else {
      return 0;
    }
  }
  return at - begin;
}

/// The length of a special string or a contraction at text[at], or 0.
inline std::size_t fixed_piece(std::string_view text, std::size_t at, const SplitRules& rules) {
  if (text[at] == '<') {
    if (const std::size_t n = spelled(text, at, rules.specials.start, rules.ignore_case)) return n;
    return spelled(text, at, rules.specials.end, rules.ignore_case);
  }
  if (text[at] == '\'') {
    for (const std::string_view ending : {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"}) {
      if (const std::size_t n = spelled(text, at, ending, rules.ignore_case)) return n;
    }
  }
  return 0;
}

}  // namespace detail

/// Calls piece(std::string_view) for each piece of `text`, in order. `text` is lower case and valid UTF-8.
template <class Piece>
void split_pieces(std::string_view text, const SplitRules& rules, Piece&& piece) {
  for (std::size_t at = 0; at < text.size();) {
    const auto first = detail::class_at(text, at, rules);
    std::size_t length = first.bytes;
    if (first.kind == CodeClass::space) {
      at += length;
      continue;
    }
    if (const std::size_t fixed = first.kind == CodeClass::other ? detail::fixed_piece(text, at, rules) : 0;
        fixed != 0) {
      length = fixed;
    } else if (first.kind != CodeClass::number) {
      while (at + length < text.size()) {
        const auto next = detail::class_at(text, at + length, rules);
        if (next.kind != first.kind) break;
        length += next.bytes;
      }
    }
    piece(text.substr(at, length));
    at += length;
  }
}
template <class Piece>
void split_pieces(std::string_view text, Piece&& piece) {
  split_pieces(text, SplitRules{}, piece);
}

}  // namespace clip::inline CLIP_ABI
