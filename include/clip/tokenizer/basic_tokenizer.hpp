// clip/tokenizer/basic_tokenizer.hpp: BERT's basic tokenizer: splits a text into words and punctuation for WordPiece.
#pragma once

#include <clip/tokenizer/unicode/normal_form.hpp>
#include <clip/tokenizer/unicode/unicode.hpp>
#include <clip/tokenizer/unicode/word_tables.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

/// How BERT treats a character: part of a word (letter), dropped (control), an accent, dropped if case is ignored
/// (mark), a word of its own (alone), or the end of a word (space).
enum class WordClass : std::uint8_t { letter, control, mark, alone, space };

namespace detail {

constexpr WordClass find_word_class(char32_t c) {
  if (c == '\t' || c == '\n' || c == '\r') return WordClass::space;
  if (c == 0xFFFD) return WordClass::control;
  if (c < 0x80 && ((c > ' ' && c < '0') || (c > '9' && c < 'A') || (c > 'Z' && c < 'a') || (c > 'z' && c < 0x7F)))
    return WordClass::alone;
  if (const std::uint8_t kind = value_in(word_ranges, c); kind != 0) return static_cast<WordClass>(kind);
  if (is_space(c)) return WordClass::space;
  const auto in = [c](char32_t first, char32_t last) { return c >= first && c <= last; };
  const bool ideograph = in(0x4E00, 0x9FFF) || in(0x3400, 0x4DBF) || in(0x20000, 0x2A6DF) || in(0x2A700, 0x2B73F) ||
                         in(0x2B740, 0x2B81F) || in(0x2B820, 0x2CEAF) || in(0xF900, 0xFAFF) || in(0x2F800, 0x2FA1F);
  return ideograph ? WordClass::alone : WordClass::letter;
}

inline constexpr std::array<WordClass, 128> ascii_word_class = [] {
  std::array<WordClass, 128> classes{};
  for (char32_t c = 0; c < 128; ++c) classes[c] = find_word_class(c);
  return classes;
}();

}  // namespace detail

/// Control and format characters, U+FFFD and code points unassigned in Unicode 14 are dropped; ASCII symbols count as
/// punctuation; each ideograph is a word of its own, since ideographs are written without spaces.
constexpr WordClass word_class(char32_t c) {
  return c < 128 ? detail::ascii_word_class[c] : detail::find_word_class(c);
}

/// Scratch memory of split_words.
struct WordScratch {
  std::u32string text, lower;
  std::string word;
};

/// Calls word(text, characters) for each word of `text` in UTF-8, in order. `ignore_case`: lower case, accents removed.
/// Source: Google BERT, tokenization.py (BasicTokenizer). Unlike the copy in
/// transformers, it applies no normal form C first.
template <class Word>
void split_words(std::string_view text, bool ignore_case, WordScratch& scratch, Word&& word) {
  scratch.text.clear();
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decode_utf8(text, at);
    at += c.bytes;
    if (word_class(c.value) != WordClass::control) scratch.text.push_back(c.value);
  }
  if (ignore_case) {
    lower_case(scratch.text, scratch.lower);
    normal_form_d(scratch.lower);
    scratch.text.swap(scratch.lower);
  }
  std::size_t characters = 0;
  scratch.word.clear();
  const auto end_word = [&] {
    if (characters > 0) word(std::string_view{scratch.word}, characters);
    scratch.word.clear();
    characters = 0;
  };
  for (const char32_t c : scratch.text) {
    const WordClass kind = word_class(c);
    if (kind == WordClass::mark && ignore_case) continue;
    if (kind == WordClass::alone || kind == WordClass::space) end_word();
    if (kind == WordClass::space) continue;
    append_utf8(scratch.word, c);
    ++characters;
    if (kind == WordClass::alone) end_word();
  }
  end_word();
}

}  // namespace clip::inline CLIP_ABI
