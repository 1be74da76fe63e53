// clip/model/flops.hpp: how many operations a configuration means, as those count who compare speeds.
#pragma once

#include <clip/config/any.hpp>

#include <cstddef>
#include <variant>

namespace clip::inline CLIP_ABI {

/// Floating-point operations of one picture and of one text, a multiply-add being two: matrix products, convolutions and attention
/// only, every row of every layer, texts padded to the context. It is what the reference computes, so a tower that leaves work
/// out shows more of them a second than it executes. A training step counts three times as much.
struct FlopCount {
  double image, text;
};

namespace detail {

/// y = x w of so many rows.
constexpr double flops_of_product(Index rows, Index in, Index out) {
  return 2.0 * static_cast<double>(rows) * static_cast<double>(in * out);
}

/// Scores of every row with every row, and the values they weigh.
constexpr double flops_of_attention(Index rows, Index width) { return 2 * flops_of_product(rows, width, rows); }

constexpr double flops_of_block(const BlockConfig& c, Index rows) {
  return flops_of_product(rows, c.width, 4 * c.width) + flops_of_attention(rows, c.width) +
         2 * flops_of_product(rows, c.width, c.hidden);
}

constexpr double flops_of(const VitConfig& c, Index embed_dim) {
  return flops_of_product(c.tokens() - 1, c.patch_values(), c.width) +
         static_cast<double>(c.layers) * flops_of_block(c.block(), c.tokens()) +
         flops_of_product(1, c.width, embed_dim);
}

constexpr double flops_of(const TextConfig& c, Index embed_dim) {
  return static_cast<double>(c.layers) * flops_of_block(c.block(), c.context) + flops_of_product(1, c.width, embed_dim);
}

/// `side` pixels wide and high after its stride.
constexpr double flops_of_bottleneck(const BottleneckConfig& c, Index side) {
  const Index before = c.stride * side;
  return flops_of_product(before * before, c.in + 9 * c.planes, c.planes) +
         flops_of_product(side * side, c.planes + (c.downsample ? c.in : 0), c.out());
}

constexpr double flops_of(const ResNetConfig& c, Index embed_dim) {
  Index side = c.image_size / 2;
  double sum = flops_of_product(side * side, 9 * (c.channels + c.stem()), c.stem()) +
               flops_of_product(side * side, 9 * c.stem(), c.width);
  side /= 2;
  for (Index stage = 0; stage < 4; ++stage) {
    side /= c.first(stage).stride;
    sum += flops_of_bottleneck(c.first(stage), side) +
           static_cast<double>(c.further_blocks(stage)) * flops_of_bottleneck(c.further(stage), side);
  }
  return sum + flops_of_product(c.tokens(), c.features(), 3 * c.features()) +
         flops_of_attention(c.tokens(), c.features()) + flops_of_product(c.tokens(), c.features(), embed_dim);
}

}  // namespace detail

constexpr FlopCount count_flops(const AnyConfig& c) {
  return {std::visit([&](const auto& tower) { return detail::flops_of(tower, c.embed_dim); }, c.image),
          detail::flops_of(c.text, c.embed_dim)};
}

}  // namespace clip::inline CLIP_ABI
