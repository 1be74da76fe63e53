// tests/support/small_models.hpp: configurations small enough to be differentiated by hand, and batches for them.
#pragma once

#include <clip/core/rng.hpp>
#include <clip/image/image.hpp>
#include <clip/tokens/texts.hpp>
#include <clip/tower/clip_resnet/openai.hpp>
#include <clip/tower/clip_vit/openai.hpp>
#include <clip/tower/mct_text/apple.hpp>
#include <clip/tower/siglip_vit/google.hpp>
#include <clip/tower/torchvision_resnet/torchvision.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace clip::testing {

/// As small as a model with every part can be.
inline constexpr ClipConfig<VitConfig, TextConfig> Tiny{.embed_dim = 6,
                                                        .image = {.image_size = 6,
                                                                  .patch_size = 3,
                                                                  .width = 8,
                                                                  .layers = 2,
                                                                  .heads = 2,
                                                                  .activation = Activation::quick_gelu,
                                                                  .epsilon = 1e-5f},
                                                        .text = {.context = 9,
                                                                 .vocabulary = 12,
                                                                 .width = 8,
                                                                 .layers = 2,
                                                                 .heads = 2,
                                                                 .activation = Activation::quick_gelu,
                                                                 .epsilon = 1e-5f}};

/// Extents that fill no packet and no tile.
inline constexpr ClipConfig<VitConfig, TextConfig> Odd{.embed_dim = 13,
                                                       .image = {.image_size = 15,
                                                                 .patch_size = 5,
                                                                 .width = 20,
                                                                 .layers = 2,
                                                                 .heads = 5,
                                                                 .activation = Activation::gelu,
                                                                 .epsilon = 1e-5f},
                                                       .text = {.context = 17,
                                                                .vocabulary = 31,
                                                                .width = 20,
                                                                .layers = 2,
                                                                .heads = 5,
                                                                .activation = Activation::quick_gelu,
                                                                .epsilon = 1e-5f}};

/// The same with the mean of the patches and the last position pooled, as CLIPA's.
inline constexpr auto OddClipa = [] {
  auto c = Odd;
  c.image.mean_pooled = true;
  c.text.causal = false;
  c.text.end = 30;
  c.text.last_pooled = true;
  return c;
}();

/// A ResNet as small as one can be: its last stage is a single pixel.
inline constexpr ResNetClipConfig SmallResNet{
    .embed_dim = 6, .image = {.image_size = 32, .layers = {1, 2, 1, 1}, .width = 2}, .text = Tiny.text};

/// A SigLIP of such extents, whose patches do not cover the images.
inline constexpr SiglipClipConfig OddSiglip{.embed_dim = 20,
                                            .image = {.image_size = 17,
                                                      .patch_size = 5,
                                                      .width = 20,
                                                      .layers = 2,
                                                      .heads = 5,
                                                      .activation = Activation::gelu_tanh,
                                                      .epsilon = 1e-6f,
                                                      .mlp_width = 33},
                                            .text = {.context = 7,
                                                     .vocabulary = 31,
                                                     .width = 12,
                                                     .layers = 2,
                                                     .heads = 3,
                                                     .activation = Activation::gelu_tanh,
                                                     .epsilon = 1e-6f,
                                                     .pad = 0},
                                            .logit_bias = true};

/// A MobileCLIP S0 of such extents, with every kind of block.
inline constexpr MctClipConfig OddMct{
    .embed_dim = 13,
    .image = {.image_size = 40, .stages = {MciStage{1, 4, 6}, {1, 8, 12}, {1, 16, 20}, {1, 32, 40, true, true, true}}},
    .text = {.context = 13, .vocabulary = 31, .width = 12, .layers = 2, .heads = 3, .mlp_width = 33}};

/// A ResNet of torchvision of such extents.
inline constexpr ClipConfig<TorchvisionResNetConfig, TextConfig> OddTorchvision{
    .embed_dim = 13, .image = {.image_size = 50, .layers = {2, 1, 1, 2}, .width = 6}, .text = Odd.text};

template <class Config>
Images random_images(const Config& config, Index n, Rng rng) {
  const Index size = config.image.image_size;
  std::vector<float> values(static_cast<std::size_t>(n * config.image.channels * size * size));
  for (float& v : values) v = static_cast<float>(rng.normal());
  return Images::from_floats(n, config.image.channels, size, size, std::move(values));
}

/// Image i of a batch, alone.
inline Images one_of(const Images& images, Index i) {
  const auto values = images.image(i);
  return Images::from_floats(1, images.channels(), images.height(), images.width(), {values.begin(), values.end()});
}

/// Text i of a batch, alone.
inline Texts one_of(const Texts& texts, Index i) {
  Texts one{texts.eot_id()};
  one.append(texts, i);
  return one;
}

/// Start, tokens, end, as OpenAI's: the last two ids of the vocabulary are start and end.
template <class Config>
void add_text(const Config& config, Texts& texts, const std::vector<std::int32_t>& tokens) {
  std::vector<std::int32_t> ids{static_cast<std::int32_t>(config.text.vocabulary - 2)};
  ids.insert(ids.end(), tokens.begin(), tokens.end());
  ids.push_back(static_cast<std::int32_t>(config.text.vocabulary - 1));
  texts.add(ids);
}

template <class Config>
Texts no_texts(const Config& config) {
  return Texts{static_cast<std::int32_t>(config.text.vocabulary - 1)};
}

/// n texts of every length the context allows; many begin alike, and every fifth repeats the one before.
template <class Config>
Texts random_texts(const Config& config, Index n, Rng rng) {
  Texts texts = no_texts(config);
  std::vector<std::int32_t> tokens;
  const auto most = static_cast<std::uint64_t>(config.text.context - 2);
  for (Index i = 0; i < n; ++i) {
    if (i % 5 != 4) {
      const std::uint64_t length = rng.below(most + 1);
      tokens.resize(static_cast<std::size_t>(tokens.empty() ? 0 : rng.below(tokens.size() + 1)));
      while (tokens.size() < length)
        tokens.push_back(static_cast<std::int32_t>(rng.below(static_cast<std::uint64_t>(config.text.vocabulary - 2))));
      tokens.resize(static_cast<std::size_t>(length));
    }
    add_text(config, texts, tokens);
  }
  return texts;
}

}  // namespace clip::testing
