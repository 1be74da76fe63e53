// clip/tokenizer/sentencepiece/normalizer.inl.hpp: definitions of clip/tokenizer/sentencepiece/normalizer.hpp.
#pragma once

#include <clip/io/bytes.hpp>
#include <clip/tokenizer/sentencepiece/normalizer.hpp>
#include <clip/tokenizer/unicode/unicode.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace clip::inline CLIP_ABI::detail {

/// Appends to a string that has room, and applies the rules of spaces.
class PieceNormalizer::Writer {
 public:
  Writer(const NormalizerRules& rules, std::string& out)
      : out_{&out}, space_{rules.escape_spaces ? space_mark : std::string_view{"   "}},
        space_size_{rules.escape_spaces ? space_mark.size() : 1}, collapse_{rules.remove_extra_spaces},
        after_space_{rules.remove_extra_spaces} {}

  /// Room for `more` bytes, each of which may become a mark.
  void reserve(std::size_t more) {
    if (out_->size() - size_ < 3 * more) out_->resize(2 * size_ + 3 * more);
  }
  /// Characters that stay as they are, none of them a space.
  void put_plain(std::string_view part) {
    char* to = out_->data() + size_;
    for (const char c : part) *to++ = c;
    size_ += part.size();
    after_space_ = false;
  }
  /// Copies the printable ASCII characters at the beginning, less the last one if no ASCII character or the end
  /// follows. Returns their number.
  std::size_t put_printable(std::string_view text) {
    constexpr std::uint64_t ones = 0x0101010101010101U, top = 0x80 * ones;
    char* const to = out_->data() + size_;
    std::size_t n = 0;
    for (; n + 8 <= text.size(); n += 8) {
      const auto bytes = load_little<std::uint64_t>(as_byte_span(text).data() + n);
      std::memcpy(to + n, text.data() + n, 8);
      const std::uint64_t low = bytes & ~top;  // sums below do not reach the next byte
      const std::uint64_t printable = (low + 0x5F * ones) & ~(low + ones) & ~bytes & top;
      if (printable == top) continue;
      n += static_cast<std::size_t>(std::countr_one(printable | ~top)) / 8;
      break;
    }
    for (; n < text.size() && text[n] > ' ' && text[n] < 0x7F; ++n) to[n] = text[n];
    if (n > 0 && n < text.size() && static_cast<unsigned char>(text[n]) >= 0x80) --n;
    size_ += n;
    after_space_ = after_space_ && n == 0;
    return n;
  }
  void put_space() {
    if (collapse_ && after_space_) return;
    mark();
    after_space_ = collapse_;
  }
  void mark() {
    std::memcpy(out_->data() + size_, space_.data(), space_mark.size());  // of a known size: no call
    size_ += space_size_;
  }
  /// A replacement or a character: spaces at its beginning are extra after another space, those inside are kept.
  void put(std::string_view part) {
    while (after_space_ && part.starts_with(' ')) part.remove_prefix(1);
    for (const char c : part) {
      if (c == ' ') {
        mark();
      } else {
        (*out_)[size_++] = c;
      }
    }
    if (!part.empty()) after_space_ = collapse_ && part.back() == ' ';
  }
  void strip_end() {
    while (std::string_view{*out_}.substr(0, size_).ends_with(space_.substr(0, space_size_))) size_ -= space_size_;
  }
  std::size_t size() const { return size_; }

 private:
  std::string* out_;
  std::size_t size_ = 0;
  std::string_view space_;  // and what follows it, which is written over
  std::size_t space_size_;
  bool collapse_, after_space_;
};

CLIP_HOST Result<PieceNormalizer> PieceNormalizer::try_make(const NormalizerRules& rules, PieceTrie fixed,
                                                            const std::string& place) {
  PieceNormalizer normalizer;
  auto map = CharacterMap::try_parse(rules.character_map, place);
  if (!map) return map.error();
  normalizer.map_ = std::move(*map);
  normalizer.rules_ = rules;
  normalizer.rules_.character_map = {};
  normalizer.fixed_ = std::move(fixed);
  for (std::size_t c = 0; c < 256; ++c) {
    PieceTrie::Node node = normalizer.fixed_.root();
    normalizer.begins_fixed_[c] = normalizer.fixed_.step(node, static_cast<unsigned char>(c));
  }
  normalizer.space_is_plain_ =
      !normalizer.begins_fixed_[static_cast<unsigned char>(' ')] && !normalizer.map_.may_begin(" ");
  for (std::size_t c = 0; c < 128; ++c) {
    std::string key{static_cast<char>(c)};
    bool plain = c != ' ' && !normalizer.begins_fixed_[c] && normalizer.map_.longest(key).length == 0;
    key.push_back(0);
    for (std::size_t d = 0; plain && d < 128; ++d) {
      key[1] = static_cast<char>(d);
      plain = !normalizer.map_.may_begin(key);
    }
    normalizer.plain_[c] = plain;
  }
  normalizer.printable_is_plain_ = std::all_of(&normalizer.plain_['!'], &normalizer.plain_[0x7F], std::identity{});
  return normalizer;
}

CLIP_HOST bool PieceNormalizer::normalize(std::string_view text, std::size_t most, std::string& out) const {
  if (!rules_.lower_case) return rewrite(text, most, out);
  std::string lower;
  lower_letters(text, lower);
  return rewrite(lower, most, out);
}

CLIP_HOST bool PieceNormalizer::rewrite(std::string_view text, std::size_t most, std::string& out) const {
  Writer writer{rules_, out};
  writer.reserve(text.size() + 2);
  if (!text.empty() && rules_.dummy_prefix && !rules_.space_at_end) writer.mark();
  bool only_spaces = true;
  const auto ascii = [&](std::size_t i) { return i >= text.size() || static_cast<unsigned char>(text[i]) < 0x80; };
  for (std::size_t at = 0; at < text.size();) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c == ' ' && space_is_plain_) {
      writer.put_space();
      ++at;
      continue;
    }
    std::size_t end = at;
    if (printable_is_plain_) {
      end += writer.put_printable(text.substr(at));
    } else {
      while (end < text.size() && plain_[static_cast<unsigned char>(text[end])] && ascii(end + 1)) ++end;
      if (end > at) writer.put_plain(text.substr(at, end - at));
    }
    if (end > at) {
      only_spaces = false;
      at = end;
      continue;
    }
    const std::string_view rest = text.substr(at);
    if (const auto fixed_piece = fixed(rest); fixed_piece.length > 0) {
      writer.put(rest.substr(0, fixed_piece.length));
      only_spaces = only_spaces && rest.substr(0, fixed_piece.length) == " ";
      at += fixed_piece.length;
      continue;
    }
    std::string_view part;
    if (const auto match = map_.longest(rest); match.length > 0) {
      part = match.replacement;
      at += match.length;
    } else if (c == ' ') {
      writer.put_space();
      ++at;
      continue;
    } else {
      const CodePoint character = decode_utf8(text, at);
      part = character.value == replacement_character ? "\xEF\xBF\xBD" : rest.substr(0, character.bytes);
      at += character.bytes;
    }
    only_spaces = only_spaces && part == " ";
    writer.reserve(part.size() + text.size() - at + 2);
    if (writer.size() > most) return false;
    writer.put(part);
  }
  if (rules_.remove_extra_spaces) writer.strip_end();
  const bool nothing = text.empty() || (rules_.remove_extra_spaces && only_spaces);
  if (!nothing && rules_.dummy_prefix && rules_.space_at_end) writer.mark();
  out.resize(writer.size());
  return writer.size() <= most;
}

}  // namespace clip::inline CLIP_ABI::detail
