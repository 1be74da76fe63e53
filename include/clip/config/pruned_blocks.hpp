// clip/config/pruned_blocks.hpp: sizes of residual blocks that pruning made unequal.
#pragma once

#include <clip/config/block.hpp>
#include <clip/core/size.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace clip::inline CLIP_ABI {

/// Pruned towers have at most this many blocks (ViT-H: 32).
inline constexpr std::size_t most_pruned_blocks = 32;
/// The largest number of heads and width of an MLP in them.
inline constexpr Index largest_pruned_size = Index{1} << 20;

/// The heads and the MLP width of every block of a tower where they differ, as pruning leaves them (TinyCLIP's
/// auto-inherited models, Wu et al. 2023). Heads are equally wide in all blocks, so that attention is narrower than the
/// residual stream. The configuration of the tower then states the largest heads and mlp_width of all blocks.
struct PrunedBlocks {
  Index head_width = 0;                                   // 0: not pruned, all blocks are alike
  std::array<std::int32_t, most_pruned_blocks> heads{};   // 0: the block has no attention and no ln_1
  std::array<std::int32_t, most_pruned_blocks> hidden{};  // of the MLP; 0: of the MLP remains the bias of c_proj

  constexpr explicit operator bool() const { return head_width != 0; }
  constexpr Index most_heads() const { return *std::max_element(heads.begin(), heads.end()); }
  constexpr Index most_hidden() const { return *std::max_element(hidden.begin(), hidden.end()); }

  /// The configuration of block i of a tower whose blocks are otherwise `common`.
  constexpr BlockConfig block(BlockConfig common, Index i) const {
    const auto at = static_cast<std::size_t>(i);
    common.heads = heads[at];
    common.inner = head_width * heads[at];
    common.hidden = hidden[at];
    return common;
  }
  /// The configuration in the type of all blocks: what differs is dyn.
  constexpr BlockConfig common(BlockConfig block) const {
    block.heads = block.inner = block.hidden = dyn;
    return block;
  }
  friend constexpr bool operator==(const PrunedBlocks&, const PrunedBlocks&) = default;
};

/// Configuration of every residual block of a tower, or of the type of its blocks if they are pruned.
template <class Tower>
constexpr BlockConfig block_of_type(const Tower& c, bool causal) {
  const BlockConfig block = block_of(c, causal);
  return c.pruned ? c.pruned.common(block) : block;
}
/// Configuration of block i.
template <class Tower>
constexpr BlockConfig block_of_number(const Tower& c, bool causal, Index i) {
  const BlockConfig block = block_of(c, causal);
  return c.pruned ? c.pruned.block(block, i) : block;
}

/// Sum of f(configuration) over the blocks of a tower.
template <class Tower, class F>
constexpr double sum_over_blocks(const Tower& c, F f) {
  if (!c.pruned) return static_cast<double>(c.layers) * f(c.block(0));
  double sum = 0;
  for (Index i = 0; i < c.layers; ++i) sum += f(c.block(i));
  return sum;
}

/// Whether the sizes of pruned blocks are possible, and agree with what the tower states of them.
template <class Tower>
constexpr bool possible_blocks(const Tower& c) {
  if (!c.pruned) return true;
  const PrunedBlocks& p = c.pruned;
  const auto count = static_cast<std::size_t>(c.layers);
  if (p.head_width < 1 || p.head_width > 4096 || count > most_pruned_blocks) return false;
  for (std::size_t i = 0; i < most_pruned_blocks; ++i) {
    const Index largest = i < count ? largest_pruned_size : 0;
    if (p.heads[i] < 0 || p.heads[i] > largest || p.hidden[i] < 0 || p.hidden[i] > largest) return false;
  }
  return c.heads == std::max<Index>(p.most_heads(), 1) && (p.most_hidden() == 0 || c.hidden() == p.most_hidden());
}

}  // namespace clip::inline CLIP_ABI
