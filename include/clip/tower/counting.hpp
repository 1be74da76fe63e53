// clip/tower/counting.hpp: FLOPs and weight counts of blocks that towers share, from their sizes.
#pragma once

#include <clip/config/block.hpp>
#include <clip/core/size.hpp>

namespace clip::inline CLIP_ABI {

/// FLOPs of y = x W for `rows` rows; a multiply-add counts as two.
constexpr double flops_of_product(Index rows, Index in, Index out) {
  return 2.0 * static_cast<double>(rows) * static_cast<double>(in * out);
}

/// FLOPs of attention among `rows` rows: the scores, and the weighted sums of values.
constexpr double flops_of_attention(Index rows, Index width) { return 2 * flops_of_product(rows, width, rows); }

/// FLOPs of one residual block: four projections, attention if it has heads, and the MLP.
constexpr double flops_of_block(const BlockConfig& c, Index rows) {
  const double mlp = 2 * flops_of_product(rows, c.width, c.hidden);
  if (c.heads == 0) return mlp;
  return flops_of_product(rows, c.width, 4 * c.attention_width()) + flops_of_attention(rows, c.attention_width()) + mlp;
}

/// Weights of one residual block, as a real number.
constexpr double values_of_block(const BlockConfig& c) {
  const double w = static_cast<double>(c.width), m = static_cast<double>(c.hidden);
  const double a = static_cast<double>(c.attention_width());
  return (c.heads == 0 ? 0 : 4 * w * a + 3 * a + w + 2 * w) + 2 * w * m + w + m + 2 * w;
}

/// Weights of `layers` residual blocks of one size, as a real number: extents of a damaged file may multiply to
/// anything.
constexpr double values_of_blocks(Index layers, Index width, Index hidden) {
  const double w = static_cast<double>(width), m = static_cast<double>(hidden);
  return static_cast<double>(layers) * (4 * w * w + 4 * w + 2 * w * m + w + m + 4 * w);
}

}  // namespace clip::inline CLIP_ABI
