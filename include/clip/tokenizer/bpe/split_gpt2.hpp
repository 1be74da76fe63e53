// clip/tokenizer/bpe/split_gpt2.hpp: GPT-2's pre-tokenizer: cuts a text into pieces that keep their spaces.
//
// The reference's regular expression (Radford et al. 2019). At each position the alternatives are tried in this order:
//   's 't 're 've 'm 'll 'd  \x20?\p{L}+  \x20?\p{N}+  \x20?[^\s\p{L}\p{N}]+  \s+(?!\S)  \s+
// A run of white space before a word thus leaves its last character to the word, if it is a space, or else to a piece
// of its own.
#pragma once

#include <clip/tokenizer/bpe/split.hpp>

#include <cstddef>
#include <string_view>

namespace clip::inline CLIP_ABI {

namespace detail {

/// The length of the run of characters of one class at text[at].
inline std::size_t run_length(std::string_view text, std::size_t at, CodeClass kind, const SplitRules& rules) {
  const std::size_t begin = at;
  while (at < text.size()) {
    const ClassAt next = class_at(text, at, rules);
    if (next.kind != kind) break;
    at += next.bytes;
  }
  return at - begin;
}

/// The length of the last character of a run of white space.
inline std::size_t last_length(std::string_view run) {
  std::size_t at = run.size() - 1;
  while (at > 0 && (static_cast<unsigned char>(run[at]) & 0xC0) == 0x80) --at;
  return run.size() - at;
}

}  // namespace detail

/// Calls piece(std::string_view) for each piece of `text`, in order; together they are the text. `text` is valid UTF-8.
template <class Piece>
void split_gpt2(std::string_view text, Piece&& piece) {
  const SplitRules rules{{}, false};
  for (std::size_t at = 0; at < text.size();) {
    const detail::ClassAt first = detail::class_at(text, at, rules);
    std::size_t length = 0;
    if (first.kind == CodeClass::other) length = detail::fixed_piece(text, at, rules);
    if (length == 0 && first.kind != CodeClass::space) length = detail::run_length(text, at, first.kind, rules);
    if (length == 0) {
      const std::size_t run = detail::run_length(text, at, CodeClass::space, rules);
      const std::size_t last = detail::last_length(text.substr(at, run));
      if (at + run == text.size()) {
        length = run;
      } else if (run > last) {
        length = run - last;  // the last one belongs to what follows
      } else if (text[at] == ' ') {
        const detail::ClassAt next = detail::class_at(text, at + 1, rules);
        length = 1 + detail::run_length(text, at + 1, next.kind, rules);
      } else {
        length = run;
      }
    }
    piece(text.substr(at, length));
    at += length;
  }
}

}  // namespace clip::inline CLIP_ABI
