// clip/tokenizer/clean/fix_text.hpp: repair of web text: references, quotes, ligatures, widths, controls.
//
// The steps of ftfy.fix_text 6.3, which the reference tokenizer runs first, except its repair of text that was decoded
// with the wrong encoding ("schÃ¶n"): fix_encoding.hpp has all of them.
#pragma once

#include <clip/core/ascii.hpp>
#include <clip/tokenizer/clean/html.hpp>
#include <clip/tokenizer/unicode/normal_form.hpp>
#include <clip/tokenizer/unicode/unicode.hpp>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

namespace clip::inline CLIP_ABI {
namespace detail {

/// The letters of a ligature or digraph that older character sets encode as one character.
inline std::u32string_view ligature_letters(char32_t c) {
  switch (c) {
    case 0x132: return U"IJ";
    case 0x133: return U"ij";
    case 0x149: return U"\u02BCn";
    case 0x1F1: return U"DZ";
    case 0x1F2: return U"Dz";
    case 0x1F3: return U"dz";
    case 0x1C4: return U"D\u017D";
    case 0x1C5: return U"D\u017E";
    case 0x1C6: return U"d\u017E";
    case 0x1C7: return U"LJ";
    case 0x1C8: return U"Lj";
    case 0x1C9: return U"lj";
    case 0x1CA: return U"NJ";
    case 0x1CB: return U"Nj";
    case 0x1CC: return U"nj";
    case 0xFB00: return U"ff";
    case 0xFB01: return U"fi";
    case 0xFB02: return U"fl";
    case 0xFB03: return U"ffi";
    case 0xFB04: return U"ffl";
    case 0xFB05: return U"\u017Ft";
    case 0xFB06: return U"st";
    default: return {};
  }
}

/// lower(upper(c)) if it differs from c: `&SZLIG;` is read as the capital of `&szlig;`. 1 means two letters s.
/// The text is converted to lower case afterwards, so the capital itself is not needed.
inline char32_t through_capital(char32_t c) {
  switch (c) {
    case 0xDF: return 1;
    case 0x131: return 'i';
    case 0xB5: return 0x3BC;
    case 0x3C2:
    case 0x3C3: return 0x3A3;  // a capital sigma, whose lower case depends on its position
    case 0x3D1: return 0x3B8;
    case 0x3D5: return 0x3C6;
    case 0x3D6: return 0x3C0;
    case 0x3F0: return 0x3BA;
    case 0x3F1: return 0x3C1;
    case 0x3F5: return 0x3B5;
    default: return c;
  }
}

inline void append_through_capital(std::u32string& out, char32_t c) {
  if (const char32_t letter = through_capital(c); letter == 1) {
    out += U"ss";
  } else {
    out.push_back(letter);
  }
}

/// Parses the reference at text[at]: '&', up to 24 letters and digits, and a required ';'. Appends its characters to
/// `out` and returns its length in `text`, or 0 if there is none. Names in capitals count as well (&EACUTE;): then
/// capital(out, c) appends each character.
template <class Append = decltype(append_through_capital)>
std::size_t strict_reference(const std::u32string& text, std::size_t at, std::u32string& out,
                             Append&& capital = append_through_capital) {
  const auto is_word = [](char32_t c) {
    return (c >= '0' && c <= '9') || (c < 0x80 && (c | 0x20) >= 'a' && (c | 0x20) <= 'z');
  };
  std::size_t begin = at + 1, end = begin;
  if (begin < text.size() && text[begin] == '#') end = ++begin;
  while (end < text.size() && end - begin < 24 && is_word(text[end])) ++end;
  if (end == begin || end == text.size() || text[end] != ';') return 0;

  if (text[at + 1] == '#') {
    std::size_t after = at;
    char32_t number = 0;
    if (!read_reference_number(text, after, number) || after != end || number == ';') return 0;
    if (const char32_t c = referenced_character(number); c != 0) out.push_back(c);
    return end + 1 - at;
  }
  std::string name(text.begin() + static_cast<std::ptrdiff_t>(begin),
                   text.begin() + static_cast<std::ptrdiff_t>(end) + 1);
  if (const HtmlEntity* entity = html_entity(name)) {
    out.push_back(entity->first);
    if (entity->second != 0) out.push_back(entity->second);
    return end + 1 - at;
  }
  if (std::ranges::any_of(name, [](char c) { return c >= 'a' && c <= 'z'; })) return 0;
  for (std::size_t n = name.size(); n >= 2; --n) {
    if (html_entity(std::string_view{name}.substr(0, n)) != nullptr) return 0;  // &GTDOT; begins with &GT
  }
  const HtmlEntity* entity = html_entity(lower_ascii(std::move(name)));
  if (entity == nullptr) return 0;
  capital(out, entity->first);
  if (entity->second != 0) capital(out, entity->second);
  return end + 1 - at;
}

inline bool is_removed_control(char32_t c) {
  return c < 0x09 || c == 0x0B || (c >= 0x0E && c < 0x20) || c == 0x7F || (c >= 0x206A && c <= 0x206F) || c == 0xFEFF ||
         (c >= 0xFFF9 && c <= 0xFFFC);
}

/// The steps from C1 controls to line breaks, for one character. None depends on neighbours, except LF after CR.
inline void append_repaired(std::u32string& out, char32_t c) {
  if (c >= 0x80 && c < 0xA0) c = windows_1252[c - 0x80];
  if (const std::u32string_view letters = ligature_letters(c); !letters.empty()) {
    for (const char32_t letter : letters) out.push_back(letter == 0x2BC ? U'\'' : letter);
    return;
  }
  if (c == 0xFFE3) {
    out += U" \u0304";
    return;
  }
  if (c == 0x3000) c = ' ';
  if (c >= 0xFF01 && c <= 0xFFEF) c = usual_width[c - 0xFF01];
  if (c == 0x2BC || (c >= 0x2018 && c <= 0x201B)) c = '\'';
  if (c >= 0x201C && c <= 0x201F) c = '"';
  if (c == '\r' || c == 0x2028 || c == 0x2029 || c == 0x85) c = '\n';
  out.push_back(c);
}

/// Appends `text` to `out` without ANSI escapes (ESC [, digits and semicolons,
/// a letter) and without control characters.
inline void append_without_controls(std::u32string& out, const std::u32string& text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == 0x1B && at + 1 < text.size() && text[at + 1] == '[') {
      std::size_t end = at + 2;
      while (end < text.size() && ((text[end] >= '0' && text[end] <= '9') || text[end] == ';')) ++end;
      if (end < text.size() && text[end] < 0x80 && (text[end] | 0x20) >= 'a' && (text[end] | 0x20) <= 'z') {
        at = end;
        continue;
      }
    }
    if (!is_removed_control(text[at])) out.push_back(text[at]);
  }
}

/// Repeats `repair(text, repaired)` and the steps after it until nothing changes. 100 rounds undo any realistic depth
/// of escaping and bound hostile input.
template <class Repair>
std::u32string repeat_repair(std::u32string text, Repair repair) {
  std::u32string repaired, next;
  for (int round = 0; round < 100; ++round) {
    repaired.clear();
    repair(std::as_const(text), repaired);
    next.clear();
    append_without_controls(next, repaired);
    normal_form_c(next);
    if (next == text) break;
    text.swap(next);
  }
  return text;
}

/// Repeats all steps until nothing changes.
inline std::u32string fix_part(std::u32string text, bool unescape) {
  return repeat_repair(std::move(text), [unescape](const std::u32string& part, std::u32string& repaired) {
    for (std::size_t at = 0; at < part.size();) {
      std::u32string reference;
      if (const std::size_t length = unescape && part[at] == '&' ? strict_reference(part, at, reference) : 0;
          length != 0) {
        for (const char32_t c : reference) append_repaired(repaired, c);
        at += length;
      } else {
        append_repaired(repaired, part[at]);
        at += part[at] == '\r' && at + 1 < part.size() && part[at + 1] == '\n' ? 2 : 1;
      }
    }
  });
}

}  // namespace detail

/// `text` repaired. References from the first line with a '<' on are kept: that part is taken for markup.
inline std::u32string fix_text(const std::u32string& text) {
  const std::size_t markup = text.find(U'<');
  if (markup == std::u32string::npos) return detail::fix_part(text, true);
  const std::size_t line = text.rfind(U'\n', markup) + 1;  // npos + 1 is 0
  return detail::fix_part(text.substr(0, line), true) + detail::fix_part(text.substr(line), false);
}

}  // namespace clip::inline CLIP_ABI
