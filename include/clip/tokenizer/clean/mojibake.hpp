// clip/tokenizer/clean/mojibake.hpp: finds mojibake: UTF-8 that was decoded as an encoding of one byte per character.
//
// "ö" is two bytes in UTF-8; decoded as Windows-1252 they are "Ã¶". A text is suspect if characters stand side by side
// that hardly do so in any language. Both heuristics are those of ftfy 6.3.1 (mojibake_tables.hpp).
#pragma once

#include <clip/tokenizer/clean/mojibake_tables.hpp>
#include <clip/tokenizer/unicode/unicode.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

/// Bit b is set if c is in set b of the tables.
inline std::uint64_t sets_of(char32_t c) {
  const auto bit = [](unsigned set, bool in) { return in ? std::uint64_t{1} << set : std::uint64_t{0}; };
  const CodeClass kind = code_class(c);
  const bool latin = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  std::uint64_t sets = bit(space_set, kind == CodeClass::space || (c >= 0x1C && c <= 0x1F)) |
                       bit(word_set, kind == CodeClass::letter || kind == CodeClass::number || c == '_') |
                       bit(not_latin_set, !latin) | bit(not_line_end_set, c != '\n');
  const auto* range = std::ranges::partition_point(code_sets, [c](const CodeSets& r) { return char32_t{r.last} < c; });
  if (range != std::end(code_sets) && range->first <= c) sets |= range->sets;
  return sets;
}

/// A text with the sets of its characters.
class MarkedText {
 public:
  explicit MarkedText(std::u32string_view text) : text_{text}, sets_(text.size()) {
    std::ranges::transform(text, sets_.begin(), sets_of);
  }

  /// Whether a sequence occurs that hardly occurs in intended text.
  bool unlikely() const {
    for (std::size_t at = 0; at < text_.size(); ++at) {
      if (text_[at] < 0x80 && !starts_in_ascii(sets_[at]) && at > 0) continue;
      for (const UnlikelySequence& sequence : unlikely_sequences) {
        if ((at == 0 || !sequence.at_start) && matches(sequence.elements, at)) return true;
      }
    }
    return false;
  }

  /// The next run, from `at` on, of characters that are like UTF-8: in a first byte's place one that says how many
  /// follow, then that many in the places of later bytes. No run begins behind such a later byte. Empty: none.
  struct Run {
    std::size_t begin, end;
  };
  Run next_run(std::size_t at) const {
    for (; at < text_.size(); ++at) {
      if (at > 0 && in(at - 1, continuation_strict_set)) continue;
      std::size_t end = at;
      while (const std::size_t length = character_length(end)) end += length;
      if (end > at) return {at, end};
    }
    return {at, at};
  }

 private:
  bool in(std::size_t at, unsigned set) const { return (sets_[at] >> set & 1) != 0; }

  /// Whether a sequence can begin with an ASCII character of these sets.
  static bool starts_in_ascii(std::uint64_t sets) {
    static const std::uint64_t first = [] {
      std::uint64_t all = 0;
      for (const UnlikelySequence& s : unlikely_sequences)
        if (s.elements[0] < 64) all |= std::uint64_t{1} << s.elements[0];
      return all;
    }();
    return (sets & first) != 0;
  }

  bool matches(const char16_t* elements, std::size_t at) const {
    for (; *elements != 0; ++elements, ++at) {
      if (at == text_.size()) return false;
      if (*elements < 64 ? !in(at, *elements) : text_[at] != char32_t{*elements}) return false;
    }
    return true;
  }

  /// The length of what would be one character of UTF-8 at `at`, or 0.
  std::size_t character_length(std::size_t at) const {
    const auto follows = [&](std::size_t count) {
      if (text_.size() - at <= count) return false;
      for (std::size_t i = 1; i <= count; ++i)
        if (!in(at + i, continuation_set)) return false;
      return true;
    };
    if (at >= text_.size()) return 0;
    if (in(at, first_of_2_set) && follows(1)) return 2;
    if (in(at, first_of_3_set) && follows(2)) return 3;
    if (in(at, first_of_4_set) && follows(3)) return 4;
    return 0;
  }

  std::u32string_view text_;
  std::vector<std::uint64_t> sets_;
};

}  // namespace clip::inline CLIP_ABI::detail
