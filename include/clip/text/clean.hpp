// clip/text/clean.hpp: a caption as the tokenizer reads it: repaired, one space between words, lower case.
#pragma once

#include <clip/text/fix_text.hpp>
#include <clip/text/html.hpp>
#include <clip/text/unicode.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

/// How a text is cleaned before it is split. A model's weights expect the one it was trained with.
///   openai: repaired (fix_text.hpp), HTML references written out twice, then as `none`
///   none:   white space collapsed to single spaces, lower case
enum class Cleaning { openai, none };

namespace detail {

/// Text no step but spaces and lower case can change: printable ASCII, tab and line ends, and no '&'.
inline bool is_plain(std::string_view text) {
  for (const char c : text) {
    if (!((c >= ' ' && c <= '~' && c != '&') || c == '\n' || c == '\t' || c == '\r' || c == '\f')) return false;
  }
  return true;
}

inline void clean_plain(std::string_view text, std::string& out) {
  bool word = false;
  for (const char c : text) {
    if (c <= ' ') {
      word = false;
      continue;
    }
    if (!word && !out.empty()) out.push_back(' ');
    word = true;
    out.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
  }
}

/// Runs of white space to one space; none at the ends, where U+001C … U+001F count as well.
inline void collapse_spaces(const std::u32string& text, std::u32string& out) {
  const auto at_end = [](char32_t c) { return is_space(c) || (c >= 0x1C && c <= 0x1F); };
  std::size_t begin = 0, end = text.size();
  while (begin < end && at_end(text[begin])) ++begin;
  while (end > begin && at_end(text[end - 1])) --end;
  out.clear();
  for (; begin < end; ++begin) {
    if (!is_space(text[begin])) {
      out.push_back(text[begin]);
    } else if (out.back() != ' ') {
      out.push_back(' ');
    }
  }
}

}  // namespace detail

/// Replaces `out` by the cleaned text, in valid UTF-8: bytes that are not UTF-8 become U+FFFD, one each.
inline void clean_text(std::string_view text, Cleaning cleaning, std::string& out) {
  out.clear();
  if (detail::is_plain(text)) return detail::clean_plain(text, out);

  std::u32string a, b;
  decode_utf8(text, a);
  if (cleaning == Cleaning::openai) {
    a = fix_text(a);
    html_unescape(a, b);
    html_unescape(b, a);
  }
  detail::collapse_spaces(a, b);
  lower_case(b, a);
  for (const char32_t c : a) append_utf8(out, c);
}

}  // namespace clip::inline CLIP_ABI
