// clip/tower/mci/apple.hpp: Apple's MobileCLIP and MobileCLIP 2 models with convolutional image towers.
#pragma once

#include <clip/config/clip.hpp>
#include <clip/tower/clip_text/text_transformer.hpp>
#include <clip/tower/mci/mci.hpp>

#include <cstddef>

namespace clip::inline CLIP_ABI {

using MciClipConfig = ClipConfig<MciConfig, TextConfig>;

namespace detail {

/// A stage of `layers` blocks, whose MLP has `ratio` times the channels.
constexpr MciStage mci_stage(Index layers, Index width, Index ratio) {
  return {.layers = layers, .width = width, .mlp_width = ratio * width};
}

/// mci0, mci1 and mci2: RepMixer in three stages, attention in the fourth.
constexpr MciConfig mci_small(Index width, Index layers0, Index layers1, Index layers2, Index layers3) {
  MciConfig c{.image_size = 256,
              .stages = {mci_stage(layers0, width, 3), mci_stage(layers1, 2 * width, 3),
                         mci_stage(layers2, 4 * width, 3), mci_stage(layers3, 8 * width, 3)}};
  c.stages[2].squeeze = c.stages[3].squeeze = true;
  c.stages[3].attention = c.stages[3].positions = true;
  c.preprocessing = {.interpolation = Interpolation::bilinear, .mean = {0, 0, 0}, .deviation = {1, 1, 1}};
  return c;
}
/// mci3 and mci4: attention in the last two of five stages, and layer norms there.
constexpr MciConfig mci_large(Index width, Index last) {
  MciConfig c{.image_size = 256,
              .stages = {mci_stage(2, width, 4), mci_stage(12, 2 * width, 4), mci_stage(24, 4 * width, 4),
                         mci_stage(4, 8 * width, 4), mci_stage(last, 16 * width, 4)},
              .stem_scale = false,
              .layer_norm = true};
  for (const std::size_t s : {std::size_t{3}, std::size_t{4}}) c.stages[s].attention = c.stages[s].positions = true;
  c.preprocessing.interpolation = Interpolation::bilinear;
  return c;
}

constexpr MciClipConfig mobileclip(const MciConfig& image, Index width) {
  return {.embed_dim = width,
          .image = image,
          .text = {.context = 77,
                   .vocabulary = 49408,
                   .width = width,
                   .layers = 12,
                   .heads = width / 64,
                   .activation = Activation::gelu,
                   .epsilon = 1e-5f,
                   .causal = false}};
}

}  // namespace detail

/// MobileCLIP (Vasu et al. 2024) as OpenCLIP holds it. S0's text tower is a hybrid of its own.
namespace mobileclip {
inline constexpr MciClipConfig S1 = detail::mobileclip(detail::mci_small(64, 4, 12, 20, 4), 512);
inline constexpr MciClipConfig S2 = detail::mobileclip(detail::mci_small(80, 4, 12, 24, 4), 512);
}  // namespace mobileclip

/// MobileCLIP 2 (Faghri et al. 2025).
namespace mobileclip2 {
inline constexpr MciClipConfig S0 = detail::mobileclip(detail::mci_small(64, 2, 6, 10, 2), 512);
inline constexpr MciClipConfig S2 = mobileclip::S2;
inline constexpr MciClipConfig S3 = detail::mobileclip(detail::mci_large(96, 2), 768);
inline constexpr MciClipConfig S4 = detail::mobileclip(detail::mci_large(128, 4), 768);
}  // namespace mobileclip2

}  // namespace clip::inline CLIP_ABI
