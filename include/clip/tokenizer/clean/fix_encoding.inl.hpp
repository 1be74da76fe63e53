// clip/tokenizer/clean/fix_encoding.inl.hpp: definitions of clip/tokenizer/clean/fix_encoding.hpp.
#pragma once

#include <clip/tokenizer/clean/byte_encodings.hpp>
#include <clip/tokenizer/clean/fix_encoding.hpp>
#include <clip/tokenizer/clean/fix_text.hpp>
#include <clip/tokenizer/clean/html.hpp>
#include <clip/tokenizer/clean/mojibake.hpp>
#include <clip/tokenizer/clean/mojibake_tables.hpp>
#include <clip/tokenizer/unicode/normal_form.hpp>
#include <clip/tokenizer/unicode/unicode.hpp>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace clip::inline CLIP_ABI {
namespace detail {

inline bool is_ascii(std::u32string_view text) {
  return std::ranges::all_of(text, [](char32_t c) { return c < 0x80; });
}

/// `text` as the UTF-8 that it was before it was decoded in the first of the encodings in which this is possible.
inline std::optional<std::u32string> decode_anew(std::u32string_view text) {
  for (const ByteEncoding& encoding : byte_encodings) {
    std::optional<std::string> bytes = encode_bytes(text, encoding);
    if (!bytes) continue;
    // In Mac Roman a dash before a space would be taken for a damaged character.
    if (std::string_view{encoding.name} != "macroman") *bytes = restore_no_break_spaces(*bytes);
    if (encoding.sloppy) *bytes = replace_lossy(*bytes);
    if (std::optional<std::u32string> decoded = decode_utf8_variants(*bytes)) return decoded;
  }
  return std::nullopt;
}

// A text of n characters has at most log2 n layers of wrong decoding. Rounds beyond that come from parts that complete
// each other; a bound on them keeps the time of hostile texts in proportion to their length.
inline constexpr int most_rounds = 100, most_rounds_inside = 10;

/// Repeats the repair until nothing changes, or no round is left.
inline std::u32string fix_encoding_rounds(std::u32string text, int& rounds);

/// Repairs the suspect parts of a text that as a whole cannot be decoded anew.
inline std::u32string fix_encoding_inside(std::u32string_view text, const MarkedText& marked) {
  std::u32string out;
  std::size_t done = 0;
  for (auto run = marked.next_run(0); run.begin < run.end; run = marked.next_run(run.end)) {
    const std::u32string_view part = text.substr(run.begin, run.end - run.begin);
    out += text.substr(done, run.begin - done);
    done = run.end;
    if (part.size() < text.size() && MarkedText{part}.unlikely()) {
      int rounds = most_rounds_inside;
      out += fix_encoding_rounds(std::u32string{part}, rounds);
    } else {
      out += part;
    }
  }
  out += text.substr(done);
  return out;
}

/// One step of the repair: the whole, its parts, or what is left of C1 controls; `text` if nothing is suspect.
inline std::u32string fix_encoding_once(const std::u32string& text) {
  if (is_ascii(text)) return text;
  const MarkedText marked{text};
  if (!marked.unlikely()) return text;
  if (std::optional<std::u32string> decoded = decode_anew(text)) return std::move(*decoded);
  std::u32string fixed = fix_encoding_inside(text, marked);
  if (fixed != text) return fixed;
  for (char32_t& c : fixed)
    if (c >= 0x80 && c < 0xA0) c = windows_1252[c - 0x80];
  return fixed;
}

inline std::u32string fix_encoding_rounds(std::u32string text, int& rounds) {
  for (; rounds > 0; --rounds) {
    std::u32string fixed = fix_encoding_once(text);
    if (fixed == text) break;
    text.swap(fixed);
  }
  return text;
}

/// Appends the capital form of c, by which `&ATILDE;` is a part of mojibake like `&Atilde;`.
inline void append_capital(std::u32string& out, char32_t c) {
  const auto* found =
      std::ranges::lower_bound(capitals, c, {}, [](const Capital& capital) { return char32_t{capital.code}; });
  if (found == std::end(capitals) || found->code != c) return out.push_back(c);
  for (const char16_t letter : found->capital)
    if (letter != 0) out.push_back(letter);
}

/// Repeats all steps on a line until nothing changes.
inline std::u32string fix_line(std::u32string text, bool unescape) {
  std::u32string decoded;
  int encoding_rounds = most_rounds;
  return repeat_repair(std::move(text), [&](const std::u32string& line, std::u32string& repaired) {
    decoded.clear();
    for (std::size_t at = 0; at < line.size();) {
      const std::size_t length =
          unescape && line[at] == '&' ? strict_reference(line, at, decoded, append_capital) : std::size_t{0};
      if (length == 0) decoded.push_back(line[at]);
      at += std::max<std::size_t>(length, 1);
    }
    decoded = fix_encoding_rounds(std::move(decoded), encoding_rounds);
    for (std::size_t at = 0; at < decoded.size(); ++at) {
      append_repaired(repaired, decoded[at]);
      if (decoded[at] == '\r' && at + 1 < decoded.size() && decoded[at + 1] == '\n') ++at;
    }
  });
}

}  // namespace detail

CLIP_HOST std::u32string fix_encoding(std::u32string text) {
  int rounds = detail::most_rounds;
  return detail::fix_encoding_rounds(std::move(text), rounds);
}

CLIP_HOST std::u32string fix_text_and_encoding(std::u32string_view text) {
  constexpr std::size_t longest_line = 1'000'000;  // ftfy cuts longer ones
  std::u32string out;
  bool unescape = true;  // until a line with '<', which is taken for markup
  while (!text.empty()) {
    const std::size_t line_end = text.find(U'\n');
    const std::size_t length =
        std::min({line_end == text.npos ? text.size() : line_end + 1, longest_line, text.size()});
    const std::u32string_view line = text.substr(0, length);
    unescape = unescape && line.find(U'<') == line.npos;
    out += detail::fix_line(std::u32string{line}, unescape);
    text.remove_prefix(length);
  }
  return out;
}

CLIP_HOST std::string repair_encoding(std::string_view text) {
  std::u32string characters;
  decode_utf8(text, characters);
  std::string out;
  for (const char32_t c : fix_text_and_encoding(characters)) append_utf8(out, c);
  return out;
}

}  // namespace clip::inline CLIP_ABI
