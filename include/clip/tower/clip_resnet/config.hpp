// clip/tower/clip_resnet/config.hpp: configuration of OpenAI's ModifiedResNet.
#pragma once

#include <clip/config/bottleneck.hpp>
#include <clip/config/bounds.hpp>
#include <clip/config/preprocessing.hpp>
#include <clip/core/size.hpp>

#include <array>
#include <cstddef>

namespace clip::inline CLIP_ABI {

/// ResNet-D (He et al. 2019) with anti-aliased strides and attention pooling, as Radford et al. 2021 §2.4 describe it.
struct ResNetConfig {
  Index image_size;
  std::array<Index, 4> layers;  // blocks of each stage
  Index width;                  // channels after the stem
  Index channels = 3;
  Preprocessing preprocessing{};

  static constexpr double epsilon = BottleneckConfig::epsilon;

  /// Channels inside the stem.
  constexpr Index stem() const {
    return sized([](Index w) { return w / 2; }, width);
  }
  /// Channels of the last stage: the width of the attention pool.
  constexpr Index features() const {
    return sized([](Index w) { return 32 * w; }, width);
  }
  /// Heads of the attention pool.
  constexpr Index heads() const {
    return sized([](Index f) { return f / 64; }, features());
  }
  /// Pixels along one side of the last stage.
  constexpr Index grid() const {
    return sized([](Index s) { return s / 32; }, image_size);
  }
  /// Rows of one image in the attention pool: the mean and the pixels.
  constexpr Index tokens() const {
    return sized([](Index g) { return g * g + 1; }, grid());
  }
  /// The first block of stage 0 … 3.
  constexpr BottleneckConfig first(Index stage) const {
    const Index planes = sized([=](Index w) { return w << stage; }, width);
    const Index in = sized([=](Index w, Index p) { return stage == 0 ? w : 2 * p; }, width, planes);
    return {.in = in, .planes = planes, .stride = stage == 0 ? 1 : 2, .downsample = true};
  }
  /// The blocks after it, which are equal; further_blocks() is their number.
  constexpr BottleneckConfig further(Index stage) const {
    return {.in = first(stage).out(), .planes = first(stage).planes};
  }
  constexpr Index further_blocks(Index stage) const {
    return sized([](Index n) { return n - 1; }, layers[static_cast<std::size_t>(stage)]);
  }

  /// Whether no size is dyn.
  constexpr bool fixed() const {
    return image_size != dyn && width != dyn && layers[0] != dyn && layers[1] != dyn && layers[2] != dyn &&
           layers[3] != dyn;
  }
  friend constexpr bool operator==(const ResNetConfig&, const ResNetConfig&) = default;
};

/// The problem of an impossible configuration, as a sentence, or null; see VitConfig.
constexpr const char* problem(const ResNetConfig& c) {
  if (!c.fixed()) return nullptr;
  if (c.image_size > largest_image_size) return "ResNetConfig: image_size must be at most 32768";
  if (c.width > largest_extent) return "ResNetConfig: width must be at most 16777216";
  if (c.image_size <= 0 || c.width <= 0) return "ResNetConfig: sizes must be positive";
  for (const Index blocks : c.layers)
    if (blocks < 1) return "ResNetConfig: every stage needs at least one block";
  for (const Index blocks : c.layers)
    if (blocks > most_layers) return "ResNetConfig: a stage must have at most 4096 blocks";
  if (c.image_size % 32 != 0) return "ResNetConfig: image_size must be a multiple of 32";
  if (c.features() % 64 != 0)
    return "ResNetConfig: width must be even, so that heads of 64 columns divide the features";
  // At least 17 p² weights in a block of p planes, and four projections of the attention pool.
  const double w = static_cast<double>(c.width), pooled = 32 * w;
  double weights = 4 * pooled * pooled + pooled * static_cast<double>(c.tokens());
  for (std::size_t stage = 0; stage < 4; ++stage)
    weights += 17 * static_cast<double>(c.layers[stage]) * w * w * static_cast<double>(1 << 2 * stage);
  if (weights > most_weights) return "ResNetConfig: more than 2^37 weights";
  if (c.channels != 3) return "ResNetConfig: channels must be 3";
  return problem(c.preprocessing, c.image_size);
}

}  // namespace clip::inline CLIP_ABI
