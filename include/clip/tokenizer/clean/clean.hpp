// clip/tokenizer/clean/clean.hpp: text cleaning before tokenization: repair, HTML unescaping, white space, lower case.
#pragma once

#include <clip/core/ascii.hpp>
#include <clip/tokenizer/clean/fix_encoding.hpp>
#include <clip/tokenizer/clean/fix_text.hpp>
#include <clip/tokenizer/clean/html.hpp>
#include <clip/tokenizer/clean/repair.hpp>
#include <clip/tokenizer/options.hpp>
#include <clip/tokenizer/unicode/normal_form.hpp>
#include <clip/tokenizer/unicode/unicode.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

namespace detail {

/// Whether only white space and case can change in `text`: printable ASCII, tabs and line ends, and no '&'.
inline bool is_plain(std::string_view text) {
  for (const char c : text) {
    if (!((c >= ' ' && c <= '~' && c != '&') || c == '\n' || c == '\t' || c == '\r' || c == '\f')) return false;
  }
  return true;
}

constexpr bool is_punctuation(char32_t c) {
  return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') || (c >= '{' && c <= '~');
}

/// For texts of which is_plain(text).
inline void clean_plain(std::string_view text, Cleaning cleaning, std::string& out) {
  const bool canonical = cleaning == Cleaning::canonicalize || cleaning == Cleaning::siglip;
  out.resize(text.size());
  char* end = out.data();
  bool word = false;
  for (const char c : text) {
    if (c <= ' ' || (c == '_' && cleaning == Cleaning::canonicalize)) {
      word = false;
      continue;
    }
    if (canonical && is_punctuation(static_cast<unsigned char>(c))) continue;
    if (!word && end != out.data()) *end++ = ' ';
    word = true;
    *end++ = detail::lower_ascii(c);
  }
  out.resize(static_cast<std::size_t>(end - out.data()));
}

/// Collapses runs of white space to one space and strips the ends. U+001C … U+001F are white space to Python's strings
/// (in OpenAI's cleanings at the ends, in OpenCLIP's everywhere) but not to regular expressions.
inline void collapse_spaces(const std::u32string& text, Cleaning cleaning, std::u32string& out) {
  const auto separator = [](char32_t c) { return c >= 0x1C && c <= 0x1F; };
  const bool everywhere =
      cleaning == Cleaning::open_clip || cleaning == Cleaning::canonicalize || cleaning == Cleaning::siglip;
  const bool nowhere = cleaning == Cleaning::huggingface;
  const auto at_end = [=](char32_t c) { return is_space(c) || (!nowhere && separator(c)); };
  const auto inside = [=](char32_t c) { return is_space(c) || (everywhere && separator(c)); };
  std::size_t begin = 0, end = text.size();
  while (begin < end && at_end(text[begin])) ++begin;
  while (end > begin && at_end(text[end - 1])) --end;
  out.clear();
  for (; begin < end; ++begin) {
    if (!inside(text[begin])) {
      out.push_back(text[begin]);
    } else if (out.back() != ' ') {
      out.push_back(' ');
    }
  }
}

}  // namespace detail

/// Whether a cleaning repairs text, by fix_text at least.
constexpr bool repairs(Cleaning cleaning) {
  return cleaning == Cleaning::openai || cleaning == Cleaning::open_clip || cleaning == Cleaning::openai_ftfy ||
         cleaning == Cleaning::canonicalize;
}

/// Replaces `out` by the cleaned text in valid UTF-8: each invalid byte of `text` becomes one U+FFFD.
inline void clean_text(std::string_view text, Cleaning cleaning, const TextRepair& repair, std::string& out) {
  if (repairs(cleaning) && repair) {
    const std::string better = repair(valid_utf8(text));
    return clean_text(better, cleaning, nullptr, out);
  }
  if (cleaning == Cleaning::none) {
    out = valid_utf8(text);
    return;
  }
  if (cleaning == Cleaning::siglip2) return lower_letters(text, out);
  out.clear();
  if (detail::is_plain(text)) return detail::clean_plain(text, cleaning, out);

  std::u32string a, b;
  decode_utf8(text, a);
  if (repairs(cleaning)) {
    const bool encoding = cleaning == Cleaning::openai_ftfy || cleaning == Cleaning::canonicalize;
    a = encoding ? fix_text_and_encoding(a) : fix_text(a);
    html_unescape(a, b);
    html_unescape(b, a);
  }
  if (cleaning == Cleaning::huggingface) normal_form_c(a);
  if (cleaning == Cleaning::canonicalize) std::ranges::replace(a, U'_', U' ');
  if (cleaning == Cleaning::siglip) std::ranges::replace(a, U'\u2581', U' ');
  if (cleaning == Cleaning::canonicalize || cleaning == Cleaning::siglip) std::erase_if(a, detail::is_punctuation);
  detail::collapse_spaces(a, cleaning, b);
  if (cleaning == Cleaning::huggingface || cleaning == Cleaning::siglip) {
    lower_letters(b, a);
  } else {
    lower_case(b, a);
  }
  for (const char32_t c : a) append_utf8(out, c);
}
inline void clean_text(std::string_view text, Cleaning cleaning, std::string& out) {
  clean_text(text, cleaning, nullptr, out);
}

}  // namespace clip::inline CLIP_ABI
