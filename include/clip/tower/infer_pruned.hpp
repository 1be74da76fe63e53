// clip/tower/infer_pruned.hpp: sizes of the blocks of a tower, pruned or not, from shapes.
#pragma once

#include <clip/config/pruned_blocks.hpp>
#include <clip/names/shape_reader.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Sets heads and mlp_width of a tower by the shapes of its c.layers blocks, and `pruned` if these differ or their
/// attention is narrower than the tower. Equal blocks have `heads` heads; the heads of others are `head_width` wide, or
/// for 0 as wide as in every TinyCLIP, 64. Problems go to `shape`.
template <class Config>
void infer_blocks(ShapeReader& shape, const std::string& prefix, Config& c, Index heads, Index head_width) {
  const auto block = [&](std::size_t i) { return prefix + std::to_string(i) + "."; };
  if (!shape.has(block(0) + "mlp.c_fc.weight")) shape(block(0) + "mlp.c_fc.weight", 2, 0);
  std::vector<Index> stacked, hidden;  // rows of q, k and v together; of c_fc
  for (std::size_t i = 0; i < static_cast<std::size_t>(c.layers); ++i) {
    stacked.push_back(shape.rows_or_none(block(i) + "attn.in_proj_weight", 2));
    hidden.push_back(shape.rows_or_none(block(i) + "mlp.c_fc.weight", 2));
  }
  const Index widest = *std::max_element(hidden.begin(), hidden.end());
  c.heads = heads;
  c.mlp_width = widest == 4 * c.width ? 0 : widest;
  const auto all_are = [](const std::vector<Index>& rows, Index n) {
    return std::all_of(rows.begin(), rows.end(), [n](Index m) { return m == n; });
  };
  if (!shape.problems().empty() || (all_are(stacked, 3 * c.width) && all_are(hidden, widest) && widest > 0)) return;

  PrunedBlocks p{.head_width = head_width > 0 ? head_width : 64};
  if (stacked.size() > most_pruned_blocks) {
    shape.problem(prefix + "* differ in size, as in pruned models, which have at most " +
                  std::to_string(most_pruned_blocks) + " blocks");
    return;
  }
  for (std::size_t i = 0; i < stacked.size(); ++i) {
    if (stacked[i] % (3 * p.head_width) != 0)
      shape.problem(block(i) + "attn.in_proj_weight has " + std::to_string(stacked[i]) + " rows, expected " +
                    std::to_string(3 * c.width) + ", or in a pruned model a multiple of " +
                    std::to_string(3 * p.head_width));
    if (stacked[i] > largest_pruned_size || hidden[i] > largest_pruned_size)
      shape.problem(block(i) + " is wider than " + std::to_string(largest_pruned_size));
    if (!shape.problems().empty()) return;
    p.heads[i] = static_cast<std::int32_t>(stacked[i] / (3 * p.head_width));
    p.hidden[i] = static_cast<std::int32_t>(hidden[i]);
  }
  c.pruned = p;
  c.heads = std::max<Index>(p.most_heads(), 1);
}

}  // namespace clip::inline CLIP_ABI
