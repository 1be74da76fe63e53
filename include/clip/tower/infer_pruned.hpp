// clip/tower/infer_pruned.hpp: sizes of the blocks of a tower, pruned or not, from shapes.
#pragma once

#include <clip/config/pruned_blocks.hpp>
#include <clip/names/shape_reader.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Sets layers and, by the first block, mlp_width.
template <class Config>
void infer_blocks(ShapeReader& shape, const std::string& prefix, Config& c) {
  c.layers = shape.count_blocks(prefix, "attn.in_proj_weight", "mlp.c_proj.bias");
  const std::string first = prefix + "0.mlp.c_fc.weight";
  const Index hidden = shape.rows(first, c.width) == 0 ? 0 : shape(first, 2, 0);
  c.mlp_width = hidden == 4 * c.width ? 0 : hidden;
}

/// Sets `pruned`, heads and mlp_width if the c.layers blocks of a tower differ, or if their attention is narrower than
/// the tower. The heads are `head_width` wide, or for 0 as wide as in every TinyCLIP, 64. Nothing changes if a tensor
/// has another number of columns than the tower is wide: then the file is damaged, not pruned. Problems go to `shape`.
template <class Config>
void infer_pruned(ShapeReader& shape, const std::string& prefix, Config& c, Index head_width) {
  const auto block = [&](std::size_t i) { return prefix + std::to_string(i) + "."; };
  std::vector<Index> stacked, hidden;  // rows of q, k and v together; of c_fc
  for (std::size_t i = 0; i < static_cast<std::size_t>(c.layers); ++i) {
    const std::string in_proj = block(i) + "attn.in_proj_weight";
    const auto attention = shape.has(in_proj) ? shape.rows(in_proj, c.width) : std::optional<Index>{0};
    const auto mlp = shape.rows(block(i) + "mlp.c_fc.weight", c.width);
    if (!attention || !mlp) return;
    stacked.push_back(*attention);
    hidden.push_back(*mlp);
  }
  const auto all_are = [](const std::vector<Index>& rows, Index n) {
    return std::all_of(rows.begin(), rows.end(), [n](Index m) { return m == n; });
  };
  if (all_are(stacked, 3 * c.width) && all_are(hidden, c.hidden())) return;

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
      shape.problem(block(i) + "* is wider than " + std::to_string(largest_pruned_size));
    if (!shape.problems().empty()) return;
    p.heads[i] = static_cast<std::int32_t>(stacked[i] / (3 * p.head_width));
    p.hidden[i] = static_cast<std::int32_t>(hidden[i]);
  }
  c.pruned = p;
  c.heads = std::max<Index>(p.most_heads(), 1);
  c.mlp_width = p.most_hidden() == 4 * c.width ? 0 : p.most_hidden();
}

}  // namespace clip::inline CLIP_ABI
