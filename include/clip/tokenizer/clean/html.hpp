// clip/tokenizer/clean/html.hpp: HTML 5 unescaping: replaces character references (&amp; &#233; &#xE9;) by characters.
#pragma once

#include <clip/tokenizer/clean/html_entities.hpp>
#include <clip/tokenizer/unicode/unicode.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {
namespace detail {

/// The Windows-1252 characters of U+0080 … U+009F; five of them are unchanged.
inline constexpr std::array<char16_t, 32> windows_1252 = {
    0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x8D,   0x017D, 0x8F,   0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178};

/// The entity with this name, which includes the `;` if there is one; null if there is no such entity.
inline const HtmlEntity* html_entity(std::string_view name) {
  const auto* e = std::partition_point(std::begin(html_entities), std::end(html_entities),
                                       [name](const HtmlEntity& x) { return std::string_view{x.name} < name; });
  return e != std::end(html_entities) && std::string_view{e->name} == name ? e : nullptr;
}

/// Parses the digits of `base` from text[at] on and moves `at` past them. Numbers
/// above 0x110000 are returned as 0x110000.
inline char32_t reference_number(const std::u32string& text, std::size_t& at, char32_t base) {
  char32_t number = 0;
  for (; at < text.size(); ++at) {
    const char32_t c = text[at], lower = c | 0x20;
    const char32_t digit = c >= '0' && c <= '9'                                     ? c - '0'
                           : base == 16 && c < 0x80 && lower >= 'a' && lower <= 'f' ? lower - 'a' + 10
                                                                                    : base;
    if (digit == base) break;
    number = std::min<char32_t>(number * base + digit, 0x110000);
  }
  return number;
}

/// The character of a numeric reference; 0 if the reference produces nothing.
inline char32_t referenced_character(char32_t number) {
  if (number == 0 || (number >= 0xD800 && number <= 0xDFFF) || number > 0x10FFFF) return replacement_character;
  if (number >= 0x80 && number < 0xA0) return windows_1252[number - 0x80];
  const bool control = number < 0x20 && number != '\t' && number != '\n' && number != '\f' && number != '\r';
  const bool noncharacter = (number >= 0xFDD0 && number <= 0xFDEF) || (number & 0xFFFE) == 0xFFFE;
  return control || number == 0x7F || noncharacter ? 0 : number;
}

/// Parses a numeric reference whose '&' is text[at] and whose '#' follows it.
/// Moves `at` past the digits; false: no digits.
inline bool read_reference_number(const std::u32string& text, std::size_t& at, char32_t& number) {
  std::size_t digits = at + 2;
  const bool hexadecimal = digits < text.size() && (text[digits] | 0x20) == 'x';
  if (hexadecimal) ++digits;
  std::size_t end = digits;
  number = reference_number(text, end, hexadecimal ? 16 : 10);
  if (end == digits) return false;
  at = end;
  return true;
}

}  // namespace detail

/// Replaces `out` by `text` with each character reference decoded once. Old names may lack their `;` (&amp &eacute),
/// and the longest known prefix counts (&notit; gives ¬it;). Anything else that begins with '&' is copied.
/// Source: HTML 5, and Python's html.unescape, which the reference tokenizer calls.
inline void html_unescape(const std::u32string& text, std::u32string& out) {
  out.clear();
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] != '&') {
      out.push_back(text[at++]);
      continue;
    }
    if (at + 1 < text.size() && text[at + 1] == '#') {
      char32_t number = 0;
      if (!detail::read_reference_number(text, at, number)) {
        out.push_back(text[at++]);
        continue;
      }
      if (at < text.size() && text[at] == ';') ++at;
      if (const char32_t c = detail::referenced_character(number); c != 0) out.push_back(c);
      continue;
    }
    std::string name;  // up to 32 characters and a `;`; known names are ASCII
    std::size_t end = at + 1;
    const auto in_name = [](char32_t c) {
      return c < 0x80 && std::string_view{"\t\n\f <&#;"}.find(static_cast<char>(c)) == std::string_view::npos;
    };
    while (end < text.size() && name.size() < 32 && in_name(text[end])) name.push_back(static_cast<char>(text[end++]));
    if (end < text.size() && text[end] == ';') name.push_back(';');
    const detail::HtmlEntity* entity = nullptr;
    for (; name.size() >= 2; name.pop_back()) {
      if ((entity = detail::html_entity(name)) != nullptr) break;
    }
    if (entity == nullptr) {
      out.push_back(text[at++]);
      continue;
    }
    out.push_back(entity->first);
    if (entity->second != 0) out.push_back(entity->second);
    at += 1 + name.size();
  }
}

}  // namespace clip::inline CLIP_ABI
