// clip/tokenizer/sentencepiece/word_table.hpp: finds the word at the beginning of a text in one read of a hash table.
#pragma once

#include <clip/core/abi.hpp>
#include <clip/tokenizer/sentencepiece/piece_model.hpp>
#include <clip/tokenizer/sentencepiece/word_key.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
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
      WordKey key;
      if (!taken[id] || read_word(pieces[id].text, key) != pieces[id].text.size()) continue;
      std::size_t s = key.hash() & (slots_.size() - 1);
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
    WordKey key;
    const std::size_t bytes = read_word(text, key);
    if (bytes == 0) return {};
    for (std::size_t s = key.hash() & (slots_.size() - 1); slots_[s].id >= 0; s = (s + 1) & (slots_.size() - 1))
      if (slots_[s].key == key) return {bytes, slots_[s].id};
    return {};
  }

 private:
  struct Slot {
    WordKey key;
    std::int32_t id = -1;
  };

  std::vector<Slot> slots_ = std::vector<Slot>(1);
};

}  // namespace clip::inline CLIP_ABI::detail
