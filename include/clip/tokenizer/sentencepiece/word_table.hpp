// clip/tokenizer/sentencepiece/word_table.hpp: finds the word at the beginning of a text in one read of a hash table.
#pragma once

#include <clip/io/bytes.hpp>
#include <clip/tokenizer/sentencepiece/piece_model.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

/// Ids of pieces that are words of at most 15 bytes, with a space mark before them or without, and need no splitting.
/// Other words, and all longer ones, are for the splitter.
class WordTable {
 public:
  /// The words among `pieces` that are `taken` (by id).
  void build(std::span<const Piece> pieces, const std::vector<bool>& taken) {
    const auto count = static_cast<std::size_t>(std::count(taken.begin(), taken.end(), true));
    slots_.assign(std::bit_ceil(2 * count + 2), {});
    for (std::size_t id = 0; id < pieces.size(); ++id) {
      Key key;
      if (!taken[id] || read(pieces[id].text, key) != pieces[id].text.size()) continue;
      std::size_t s = slot_of(key);
      while (slots_[s].id >= 0) s = (s + 1) & (slots_.size() - 1);
      slots_[s] = {key, static_cast<std::int32_t>(id)};
    }
  }

  struct Word {
    std::size_t bytes = 0;
    std::int32_t id = -1;  // -1: the first word is not in the table
  };
  /// The first word of a text that begins with one.
  Word first(std::string_view text) const {
    Key key;
    const std::size_t bytes = read(text, key);
    if (bytes == 0) return {};
    for (std::size_t s = slot_of(key); slots_[s].id >= 0; s = (s + 1) & (slots_.size() - 1))
      if (slots_[s].key.low == key.low && slots_[s].key.high == key.high) return {bytes, slots_[s].id};
    return {};
  }

 private:
  /// The bytes of a word after its mark; in the last byte their number, and whether there was a mark.
  struct Key {
    std::uint64_t low = 0, high = 0;
  };
  struct Slot {
    Key key;
    std::int32_t id = -1;
  };

  static std::size_t first_mark(std::uint64_t bytes) {
    constexpr std::uint64_t ones = 0x0101010101010101U;
    const std::uint64_t same = bytes ^ 0xE2 * ones;
    return static_cast<std::size_t>(std::countr_zero((same - ones) & ~same & 0x80 * ones)) / 8;
  }

  /// Writes the key of the first word and returns its bytes with the mark; 0: none of at most 15 bytes that a mark or
  /// the end follows.
  static std::size_t read(std::string_view text, Key& key) {
    const std::size_t mark = text.starts_with(space_mark) ? space_mark.size() : 0;
    text.remove_prefix(mark);
    if (text.size() >= 16) {
      key = {load_little<std::uint64_t>(as_byte_span(text).data()),
             load_little<std::uint64_t>(as_byte_span(text).data() + 8)};
    } else {
      std::array<std::byte, 16> bytes{};
      std::memcpy(bytes.data(), text.data(), text.size());
      key = {load_little<std::uint64_t>(bytes.data()), load_little<std::uint64_t>(bytes.data() + 8)};
    }
    std::size_t n = first_mark(key.low);
    if (n == 8) n += first_mark(key.high);
    n = std::min(n, text.size());
    if (n == 0 || n > 15 || (n < text.size() && !text.substr(n).starts_with(space_mark))) return 0;
    if (n < 8) {
      key.low &= (std::uint64_t{1} << 8 * n) - 1;
      key.high = 0;
    } else {
      key.high &= (std::uint64_t{1} << 8 * (n - 8)) - 1;
    }
    key.high |= static_cast<std::uint64_t>(n | mark << 4) << 56;
    return n + mark;
  }

  std::size_t slot_of(const Key& key) const {
    const std::uint64_t h = (key.low * 0x9E3779B97F4A7C15U) ^ (key.high * 0xC2B2AE3D27D4EB4FU);
    return static_cast<std::size_t>(h ^ h >> 32) & (slots_.size() - 1);
  }

  std::vector<Slot> slots_ = std::vector<Slot>(1);
};

}  // namespace clip::inline CLIP_ABI::detail
