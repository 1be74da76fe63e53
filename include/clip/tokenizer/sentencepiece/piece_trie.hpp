// clip/tokenizer/sentencepiece/piece_trie.hpp: a set of strings as a double-array trie, and walks in it.
//
// A node is the state after some bytes. The child of node n for byte c is unit base(n) ^ c if that unit's label is that
// of c (Aoe, 1989, with exclusive or, as in darts-clone). No two nodes have the same base, so the label suffices as a
// check.
#pragma once

#include <clip/core/result.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

/// Strings with a value each. Walks are branches and reads of eight bytes: no allocation, no comparison of strings.
class PieceTrie {
 public:
  struct Node {
    std::uint32_t base = 0;
    std::int32_t value = -1;  // of the string that ends here; -1: none
  };

  struct Entry {
    std::string_view text;
    std::int32_t value;
  };

  /// `entries` in ascending order of their bytes, none empty and none twice.
  /// LoadError clip.load.budget: more than `budget` bytes of tables, or 2^23 units.
  [[nodiscard]] static CLIP_HOST Result<PieceTrie> try_build(std::span<const Entry> entries, const std::string& place,
                                                             std::size_t budget);

  /// Nothing begins here in an empty trie.
  Node root() const { return {root_, -1}; }
  /// Moves `node` along byte c. False: no string goes on so, and `node` is unchanged.
  bool step(Node& node, unsigned char c) const {
    const Unit& unit = units_[node.base ^ c];
    if ((unit.base_and_label & 0x1FF) != c + 1U) return false;
    node = {unit.base_and_label >> 9, unit.value};
    return true;
  }
  bool step(Node& node, std::string_view text) const {
    for (const char c : text)
      if (!step(node, static_cast<unsigned char>(c))) return false;
    return true;
  }
  /// The value of a whole string; -1: none.
  std::int32_t find(std::string_view text) const {
    Node node = root();
    return step(node, text) ? node.value : -1;
  }
  /// Length and value of the longest string that `text` begins with; {0, -1}: none.
  struct Match {
    std::size_t length;
    std::int32_t value;
  };
  Match longest(std::string_view text) const {
    Match best{0, -1};
    Node node = root();
    for (std::size_t i = 0; i < text.size() && step(node, static_cast<unsigned char>(text[i])); ++i)
      if (node.value >= 0) best = {i + 1, node.value};
    return best;
  }

 private:
  class Builder;

  /// base << 9 | label of the edge that leads here, its byte + 1. A free unit is 0.
  struct Unit {
    std::uint32_t base_and_label = 0;
    std::int32_t value = -1;
  };

  std::vector<Unit> units_ = std::vector<Unit>(512);
  std::uint32_t root_ = 256;
};

}  // namespace clip::inline CLIP_ABI::detail

#if !CLIP_HOST_LINKED
#include <clip/tokenizer/sentencepiece/piece_trie.inl.hpp>
#endif
