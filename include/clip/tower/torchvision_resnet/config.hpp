// clip/tower/torchvision_resnet/config.hpp: configuration of torchvision's ResNets.
#pragma once

#include <clip/config/bounds.hpp>
#include <clip/config/preprocessing.hpp>
#include <clip/config/resnet_block.hpp>
#include <clip/core/size.hpp>

#include <array>
#include <cstddef>

namespace clip::inline CLIP_ABI {

/// Mean and deviation of ImageNet's pixels, as torchvision's weights were trained with. Their evaluation resizes
/// bilinearly to 256 pixels and crops 224; a CLIP resizes to the size that it crops, and loses no border. So does this
/// default; `resize_to` and `interpolation` are torchvision's in imagenet_classification.
inline constexpr Preprocessing imagenet_preprocessing{.mean = {0.485f, 0.456f, 0.406f},
                                                      .deviation = {0.229f, 0.224f, 0.225f}};
inline constexpr Preprocessing imagenet_classification = [] {
  Preprocessing p = imagenet_preprocessing;
  p.interpolation = Interpolation::bilinear;
  p.resize_to = 256;
  return p;
}();

/// ResNet as torchvision stores it (He et al. 2016; the bottleneck strides in its 3×3 convolution): a 7×7 convolution
/// and a maximum pool, each of stride 2, four stages, the mean over the pixels, and a linear layer `fc`, which makes the
/// embedding.
struct TorchvisionResNetConfig {
  Index image_size;
  std::array<Index, 4> layers;  // blocks of each stage
  bool bottleneck = false;      // blocks of 1×1, 3×3 and 1×1 convolutions; otherwise of two 3×3 convolutions
  Index width = 64;             // channels after the stem
  Index channels = 3;
  Preprocessing preprocessing = imagenet_preprocessing;

  static constexpr double epsilon = ResNetBlockConfig::epsilon;

  /// The first block of stage 0 … 3; the others keep its shape.
  constexpr ResNetBlockConfig first(Index stage) const {
    const Index planes = width << stage;
    const Index in = stage == 0 ? width : ResNetBlockConfig{0, planes / 2, 1, bottleneck}.out();
    return {.in = in, .planes = planes, .stride = stage == 0 ? 1 : 2, .bottleneck = bottleneck};
  }
  constexpr Index blocks(Index stage) const { return layers[static_cast<std::size_t>(stage)]; }
  /// Channels of the last stage.
  constexpr Index features() const { return first(3).out(); }

  /// Whether no size is dyn.
  constexpr bool fixed() const {
    return image_size != dyn && width != dyn && layers[0] != dyn && layers[1] != dyn && layers[2] != dyn &&
           layers[3] != dyn;
  }
  friend constexpr bool operator==(const TorchvisionResNetConfig&, const TorchvisionResNetConfig&) = default;
};

/// The problem of an impossible configuration, as a sentence, or null; see VitConfig.
constexpr const char* problem(const TorchvisionResNetConfig& c) {
  if (!c.fixed()) return nullptr;
  if (c.image_size < 1 || c.image_size > largest_image_size)
    return "TorchvisionResNetConfig: image_size must be 1 ... 32768";
  if (c.width < 1 || c.width > largest_extent / 32) return "TorchvisionResNetConfig: width must be 1 ... 524288";
  double weights = 0;
  for (Index stage = 0; stage < 4; ++stage) {
    if (c.blocks(stage) < 1) return "TorchvisionResNetConfig: every stage needs at least one block";
    if (c.blocks(stage) > most_layers) return "TorchvisionResNetConfig: a stage must have at most 4096 blocks";
    const double planes = static_cast<double>(c.first(stage).planes);  // at least 17 p² weights in a block
    weights += 17 * static_cast<double>(c.blocks(stage)) * planes * planes;
  }
  if (weights > most_weights) return "TorchvisionResNetConfig: more than 2^37 weights";
  if (c.channels != 3) return "TorchvisionResNetConfig: channels must be 3";
  return problem(c.preprocessing, c.image_size);
}

}  // namespace clip::inline CLIP_ABI
