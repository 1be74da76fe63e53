// clip/tower/clip_resnet/modified_resnet.hpp: OpenAI's ModifiedResNet: images to embeddings.
#pragma once

#include <clip/nn/attention_pool.hpp>
#include <clip/nn/bottleneck.hpp>
#include <clip/nn/residual_block.hpp>
#include <clip/tower/clip_resnet/config.hpp>
#include <clip/tower/passes.hpp>
#include <clip/tower/tower.hpp>

#include <type_traits>

namespace clip::inline CLIP_ABI {

/// OpenAI's ModifiedResNet (Radford et al. 2021 §2.4), with the member names of its checkpoints. A stem of three
/// convolutions, four stages of bottleneck blocks, and an attention pool.
template <ResNetConfig C, Index Embed, Backend B>
struct ModifiedResNet {
  static_assert(problem(C) == nullptr,
                "ResNetConfig: sizes must be positive, image_size a multiple of 32, width even, and every stage needs "
                "at least one block");
  using T = typename B::Scalar;
  template <Index S>
  using Stage = BottleneckStage<B, C.first(S), C.further(S), C.further_blocks(S)>;

  [[no_unique_address]] Known<C> config;
  [[no_unique_address]] Size<Embed> embed_dim;
  Convolution<B, C.channels, C.stem(), 3> conv1{config->channels, config->stem(), 2};
  BatchNorm<B, C.stem()> bn1{config->stem(), config->epsilon};
  Convolution<B, C.stem(), C.stem(), 3> conv2{config->stem(), config->stem()};
  BatchNorm<B, C.stem()> bn2{config->stem(), config->epsilon};
  Convolution<B, C.stem(), C.width, 3> conv3{config->stem(), config->width};
  BatchNorm<B, C.width> bn3{config->width, config->epsilon};
  Stage<0> layer1{config->first(0), config->further(0), config->further_blocks(0)};
  Stage<1> layer2{config->first(1), config->further(1), config->further_blocks(1)};
  Stage<2> layer3{config->first(2), config->further(2), config->further_blocks(2)};
  Stage<3> layer4{config->first(3), config->further(3), config->further_blocks(3)};
  AttentionPool<B, C.features(), Embed> attnpool{config->features(), embed_dim, config->tokens(), config->heads()};

  constexpr ModifiedResNet(Known<C> config_ = {}, Size<Embed> embed_dim_ = {})
      : config{config_}, embed_dim{embed_dim_} {}

  static constexpr void members(auto& self, auto&& visit) {
    visit("conv1", self.conv1);
    visit("bn1", self.bn1);
    visit("conv2", self.conv2);
    visit("bn2", self.bn2);
    visit("conv3", self.conv3);
    visit("bn3", self.bn3);
    visit("layer1", self.layer1);
    visit("layer2", self.layer2);
    visit("layer3", self.layer3);
    visit("layer4", self.layer4);
    visit("attnpool", self.attnpool);
  }

  /// images : (n, channels · image_size²) → (n, Embed), not normalised
  template <class Cx>
  Rows<Cx, Embed> operator()(Cx& cx, Rows<Cx, dyn> images) const {
    if constexpr (Cx::recording) {
      return encode(cx, images);
    } else {
      return detail::in_passes(cx, images, images_at_once(), embed_dim,
                               [&](Rows<Cx, dyn> some) { return encode_some(cx, some); });
    }
  }

  /// The number of stages.
  static constexpr Index depth() { return 4; }
  /// Images per inference pass: enough rows for the products of the last stages, and memory does not grow with the
  /// batch.
  static constexpr Index images_at_once() { return detail::convolved_per_pass<B>(8); }

  /// Every pixel after the stem and the first `layers` stages, 0 to 4: (n · pixels, channels there)
  template <class Cx>
  Rows<Cx, dyn> states(Cx& cx, Rows<Cx, dyn> images, Index layers) const {
    Grid grid = pixels(images.rows());
    const auto x0 = stem(cx, images, grid);
    if (layers == 0) return x0;
    const auto x1 = layer1(cx, x0, grid);
    if (layers == 1) return x1;
    const auto x2 = layer2(cx, x1, grid);
    if (layers == 2) return x2;
    const auto x3 = layer3(cx, x2, grid);
    if (layers == 3) return x3;
    return layer4(cx, x3, grid);
  }

 private:
  constexpr Grid pixels(Index n) const { return {n, config->image_size, config->image_size}; }

  template <class Cx>
  Rows<Cx, Embed> encode(Cx& cx, Rows<Cx, dyn> images) const {
    return attnpool(cx, states(cx, images, 4));
  }

  /// The same, image by image through the second stage: one image has enough rows there, and its activations stay in
  /// the cache for the next layer.
  template <class Cx>
  Rows<Cx, Embed> encode_some(Cx& cx, Rows<Cx, dyn> images) const {
    constexpr Index channels = C.first(1).out();
    const Index n = images.rows(), each = config->image_size / 8 * (config->image_size / 8);
    const Rows<Cx, channels> half = cx.allocate(n * each, Size<channels>{config->first(1).out()});
    for (Index i = 0; i < n; ++i)
      cx.stage(Rows<Cx, channels>{half.view.middle_rows(i * each, each)}, [&](auto) {
        return Rows<Cx, channels>{states(cx, Rows<Cx, dyn>{images.view.middle_rows(i, 1)}, 2).view};
      });
    Grid grid{n, config->image_size / 8, config->image_size / 8};
    const auto x = layer3(cx, half, grid);
    return attnpool(cx, layer4(cx, x, grid));
  }

  /// Three 3×3 convolutions, the first with stride 2, and an average pool: a quarter of the width and height.
  template <class Cx>
  Rows<Cx, C.width> stem(Cx& cx, Rows<Cx, dyn> images, Grid& grid) const {
    const auto x = channels_last(cx, images, config->channels, grid, Size<C.channels>{config->channels});
    const auto y1 = conv_norm(cx, fn::Relu{}, conv1, bn1, x, grid);
    grid = conv1.over(grid);
    const auto y2 = conv_norm(cx, fn::Relu{}, conv2, bn2, y1, grid);
    const auto y3 = conv_norm(cx, fn::Relu{}, conv3, bn3, y2, grid);
    const auto y = average_pool(cx, y3, grid, 2);
    grid = output_grid(grid, 2);
    return y;
  }
};

namespace detail {
template <ResNetConfig C, Index Embed, class B, class Blocks>
struct ResNetTower {
  static_assert(
      std::is_same_v<Blocks, Residual>,
      "ModifiedResNet: this tower has no residual blocks to replace; give the blocks to the text tower alone: "
      "Model<Config, Backend, Residual, Blocks>");
  using type = ModifiedResNet<C, Embed, B>;
};
}  // namespace detail

template <>
struct Tower<ResNetConfig> {
  template <ResNetConfig C, Index Embed, class B, class Blocks>
  using type = typename detail::ResNetTower<C, Embed, B, Blocks>::type;

  static constexpr ResNetConfig dynamic{.image_size = dyn, .layers = {dyn, dyn, dyn, dyn}, .width = dyn};
};

}  // namespace clip::inline CLIP_ABI
