// clip/tokenizer/sentencepiece/character_map.inl.hpp: definitions of clip/tokenizer/sentencepiece/character_map.hpp.
#pragma once

#include <clip/io/bytes.hpp>
#include <clip/tokenizer/sentencepiece/character_map.hpp>
#include <clip/tokenizer/vocabulary/vocabulary_error.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI::detail {

CLIP_HOST Result<CharacterMap> CharacterMap::try_parse(std::string_view bytes, const std::string& place) {
  const auto wrong = [&](const std::string& what, const std::string& expected, std::size_t found) {
    return vocabulary_error(place, "map of characters: " + what, expected, found);
  };
  CharacterMap map;
  if (bytes.empty()) return map;
  const std::size_t size = bytes.size();
  if (size < 4) return wrong("bytes", "at least 4", size);
  const auto trie = static_cast<std::size_t>(load_little<std::uint32_t>(as_byte_span(bytes).data()));
  bytes.remove_prefix(4);
  if (trie >= bytes.size())
    return wrong("bytes of its trie", "less than " + std::to_string(bytes.size()) + ", which follow", trie);
  if (trie % 4 != 0) return wrong("bytes of its trie", "a multiple of 4", trie);
  map.units_.resize(trie / 4);
  load_each<std::uint32_t>(as_byte_span(bytes).data(), map.units_, [](std::uint32_t unit) { return unit; });
  map.replacements_ = bytes.substr(trie);
  if (map.replacements_.back() != '\0') map.replacements_ += '\0';
  for (std::size_t begin = 0; begin < map.replacements_.size();) {
    const std::size_t end = map.replacements_.find('\0', begin);
    if (end - begin > longest_replacement)
      return wrong("bytes of a replacement", "at most " + std::to_string(longest_replacement), end - begin);
    begin = end + 1;
  }
  return map;
}

}  // namespace clip::inline CLIP_ABI::detail
