// clip/tokenizer/unicode/normal_form.hpp: Unicode normal forms C and D (UAX #15).
#pragma once

#include <clip/tokenizer/unicode/unicode.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <utility>

namespace clip::inline CLIP_ABI {
namespace detail {

/// Hangul syllables are computed from the numbers of their lead, vowel and tail; they need no table.
struct Hangul {
  static constexpr char32_t syllables = 0xAC00, leads = 0x1100, vowels = 0x1161, tails = 0x11A7;
  static constexpr char32_t lead_count = 19, vowel_count = 21, tail_count = 28,
                            syllable_count = lead_count * vowel_count * tail_count;
};

constexpr std::uint8_t combining_class(char32_t c) {
  return c < 0x300 ? std::uint8_t{0} : value_in(combining_ranges, c);
}

inline void append_decomposed(std::u32string& out, char32_t c) {
  if (c < 0xC0) return out.push_back(c);
  if (const char32_t s = c - Hangul::syllables; c >= Hangul::syllables && s < Hangul::syllable_count) {
    out.push_back(Hangul::leads + s / (Hangul::vowel_count * Hangul::tail_count));
    out.push_back(Hangul::vowels + s / Hangul::tail_count % Hangul::vowel_count);
    if (s % Hangul::tail_count != 0) out.push_back(Hangul::tails + s % Hangul::tail_count);
    return;
  }
  const auto* d = std::partition_point(std::begin(decompositions), std::end(decompositions),
                                       [c](const Decomposition& x) { return x.code < c; });
  if (d == std::end(decompositions) || d->code != c) return out.push_back(c);
  append_decomposed(out, d->first);
  if (d->second != 0) append_decomposed(out, d->second);
}

/// The composition of `first` and `second`, or 0.
inline char32_t composed(char32_t first, char32_t second) {
  if (const char32_t l = first - Hangul::leads, v = second - Hangul::vowels;
      first >= Hangul::leads && l < Hangul::lead_count && second >= Hangul::vowels && v < Hangul::vowel_count)
    return Hangul::syllables + (l * Hangul::vowel_count + v) * Hangul::tail_count;
  if (const char32_t s = first - Hangul::syllables, t = second - Hangul::tails;
      first >= Hangul::syllables && s < Hangul::syllable_count && s % Hangul::tail_count == 0 &&
      second > Hangul::tails && t < Hangul::tail_count)
    return first + t;
  const auto* pair = std::partition_point(std::begin(compositions), std::end(compositions), [=](const Composition& x) {
    return std::pair{x.first, x.second} < std::pair{first, second};
  });
  return pair != std::end(compositions) && pair->first == first && pair->second == second ? pair->code : 0;
}

/// Appends the decomposition of `text` to `apart`. Marks between two starters are sorted by combining class (stable).
inline void append_apart(std::u32string& apart, const std::u32string& text) {
  apart.reserve(text.size());
  for (const char32_t c : text) append_decomposed(apart, c);
  for (auto begin = apart.begin(); begin != apart.end();) {
    if (combining_class(*begin) == 0) {
      ++begin;
      continue;
    }
    const auto end = std::find_if(begin, apart.end(), [](char32_t c) { return combining_class(c) == 0; });
    std::stable_sort(begin, end, [](char32_t a, char32_t b) { return combining_class(a) < combining_class(b); });
    begin = end;
  }
}

}  // namespace detail

/// Converts `text` to normal form D.
inline void normal_form_d(std::u32string& text) {
  if (std::ranges::all_of(text, [](char32_t c) { return c < 0xC0; })) return;
  std::u32string apart;
  detail::append_apart(apart, text);
  text.swap(apart);
}

/// Converts `text` to normal form C.
inline void normal_form_c(std::u32string& text) {
  if (std::ranges::all_of(text, [](char32_t c) { return c < 0x300; })) return;

  std::u32string apart;
  detail::append_apart(apart, text);

  // A mark composes with its starter unless a mark of the same or a higher class is between them.
  text.clear();
  constexpr std::size_t none = std::u32string::npos;
  std::size_t starter = none;
  std::uint8_t last_class = 0;
  for (const char32_t c : apart) {
    const std::uint8_t own_class = detail::combining_class(c);
    if (starter != none && (text.size() == starter + 1 || last_class < own_class)) {
      if (const char32_t joined = detail::composed(text[starter], c); joined != 0) {
        text[starter] = joined;
        continue;
      }
    }
    if (own_class == 0) starter = text.size();
    last_class = own_class;
    text.push_back(c);
  }
}

}  // namespace clip::inline CLIP_ABI
