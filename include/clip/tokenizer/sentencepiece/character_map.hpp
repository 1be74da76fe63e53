// clip/tokenizer/sentencepiece/character_map.hpp: SentencePiece's precompiled replacements of characters, as of NFKC.
//
// The bytes, as the file holds them: the length of a trie in bytes (32 bits), the trie, then the replacements, each
// with a zero byte at its end. The trie is darts-clone's: units of 32 bits with a label (bits 0 to 7 and 31), a flag
// that a value follows (bit 8) and an offset (bits 10 to 30, shifted by 8 if bit 9 is set); a value's unit holds the
// position of the replacement.
#pragma once

#include <clip/core/result.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

class CharacterMap {
 public:
  /// Replaces nothing.
  CharacterMap() = default;

  /// LoadError: shorter than it says, a trie that is no whole number of units, a replacement of more than 1,023 bytes.
  [[nodiscard]] static CLIP_HOST Result<CharacterMap> try_parse(std::string_view bytes, const std::string& place);

  /// Whether any key may begin with `text`: false only if none does.
  bool may_begin(std::string_view text) const {
    std::uint32_t at = offset(units_.empty() ? 0 : units_.front());
    for (const char byte : text) {
      at ^= static_cast<unsigned char>(byte);
      if (at >= units_.size() || (units_[at] & 0x800000FFU) != static_cast<unsigned char>(byte)) return false;
      at ^= offset(units_[at]);
    }
    return true;
  }

  struct Match {
    std::size_t length = 0;  // bytes of the text; 0: no replacement
    std::string_view replacement;
  };
  /// The replacement of the longest beginning of `text` that has one. Whatever the trie holds, no more than
  /// `longest_key` bytes are read and nothing outside the tables.
  Match longest(std::string_view text) const {
    Match best;
    std::uint32_t at = offset(units_.empty() ? 0 : units_.front());
    const std::size_t most = text.size() < longest_key ? text.size() : longest_key;
    for (std::size_t i = 0; i < most; ++i) {
      const auto c = static_cast<unsigned char>(text[i]);
      at ^= c;
      if (at >= units_.size() || (units_[at] & 0x800000FFU) != c) break;
      const bool has_value = (units_[at] >> 8 & 1U) != 0;
      at ^= offset(units_[at]);
      if (!has_value || at >= units_.size()) continue;
      if (const std::uint32_t begin = units_[at] & 0x7FFFFFFFU; begin < replacements_.size())
        best = {i + 1, std::string_view{replacements_.data() + begin}};
    }
    return best;
  }

 private:
  static constexpr std::size_t longest_key = 255, longest_replacement = 1023;

  static std::uint32_t offset(std::uint32_t unit) { return (unit >> 10) << ((unit & 512U) >> 6); }

  std::vector<std::uint32_t> units_;
  std::string replacements_;  // ends with a zero byte
};

}  // namespace clip::inline CLIP_ABI::detail

#if !CLIP_HOST_LINKED
#include <clip/tokenizer/sentencepiece/character_map.inl.hpp>
#endif
