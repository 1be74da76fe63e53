// clip/tower/torchvision_resnet/resnet.hpp: torchvision's ResNet: images to embeddings.
#pragma once

#include <clip/nn/linear.hpp>
#include <clip/nn/residual_block.hpp>
#include <clip/nn/resnet_block.hpp>
#include <clip/ops/pooling.hpp>
#include <clip/tower/passes.hpp>
#include <clip/tower/torchvision_resnet/config.hpp>
#include <clip/tower/tower.hpp>

#include <type_traits>

namespace clip::inline CLIP_ABI {

/// torchvision's ResNet (He et al. 2016), with the member names of its checkpoints; `fc` makes the embedding. The sizes
/// of its layers are known at run time: stages differ in all of them.
template <TorchvisionResNetConfig C, Index Embed, Backend B>
struct TorchvisionResNet {
  static_assert(problem(C) == nullptr,
                "TorchvisionResNetConfig: sizes must be positive, and every stage needs at least one block");
  using T = typename B::Scalar;

  [[no_unique_address]] Known<C> config;
  [[no_unique_address]] Size<Embed> embed_dim;
  AnyConvolution<B> conv1{he_convolution<B>({config->channels, config->width, {7, 7, 2}})};
  BatchNorm<B, dyn> bn1{Size<dyn>{config->width}, config->epsilon};
  ResNetStage<B> layer1{config->first(0), config->blocks(0)};
  ResNetStage<B> layer2{config->first(1), config->blocks(1)};
  ResNetStage<B> layer3{config->first(2), config->blocks(2)};
  ResNetStage<B> layer4{config->first(3), config->blocks(3)};
  Linear<B, dyn, Embed> fc{Size<dyn>{config->features()}, embed_dim};

  constexpr TorchvisionResNet(Known<C> config_ = {}, Size<Embed> embed_dim_ = {})
      : config{config_}, embed_dim{embed_dim_} {}

  static constexpr void members(auto& self, auto&& visit) {
    visit("conv1", self.conv1);
    visit("bn1", self.bn1);
    visit("layer1", self.layer1);
    visit("layer2", self.layer2);
    visit("layer3", self.layer3);
    visit("layer4", self.layer4);
    visit("fc", self.fc);
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
    Grid grid{};
    return through(cx, images, layers, grid);
  }

 private:
  template <class Cx>
  Rows<Cx, dyn> through(Cx& cx, Rows<Cx, dyn> images, Index layers, Grid& grid) const {
    grid = {images.rows(), config->image_size, config->image_size};
    Rows<Cx, dyn> x = stem(cx, images, grid);
    if (layers > 0) x = layer1(cx, x, grid);
    if (layers > 1) x = layer2(cx, x, grid);
    if (layers > 2) x = layer3(cx, x, grid);
    if (layers > 3) x = layer4(cx, x, grid);
    return x;
  }

  template <class Cx>
  Rows<Cx, Embed> encode(Cx& cx, Rows<Cx, dyn> images) const {
    Grid grid{};
    const auto x = through(cx, images, 4, grid);
    return fc(cx, average_pool(cx, x, grid, grid.height));
  }

  /// The same, image by image through the second stage: one image has enough rows there, and its activations stay in
  /// the cache for the next layer.
  template <class Cx>
  Rows<Cx, Embed> encode_some(Cx& cx, Rows<Cx, dyn> images) const {
    const Index n = images.rows();
    Grid grid{1, config->image_size, config->image_size};
    for (int halving = 0; halving < 3; ++halving) grid = CentredWindow{3, 3, 2}.over(grid);
    const Index each = grid.pixels();
    const Rows<Cx, dyn> half = cx.allocate(n * each, Size<dyn>{config->first(1).out()});
    for (Index i = 0; i < n; ++i)
      cx.stage(Rows<Cx, dyn>{half.view.middle_rows(i * each, each)},
               [&](auto) { return states(cx, Rows<Cx, dyn>{images.view.middle_rows(i, 1)}, 2); });
    grid.images = n;
    const auto x = layer3(cx, half, grid);
    const auto y = layer4(cx, x, grid);
    return fc(cx, average_pool(cx, y, grid, grid.height));
  }

  /// A 7×7 convolution and a maximum pool, each of stride 2: a quarter of the width and height, rounded up.
  template <class Cx>
  Rows<Cx, dyn> stem(Cx& cx, Rows<Cx, dyn> images, Grid& grid) const {
    const auto x = channels_last(cx, images, config->channels, grid, Size<dyn>{config->channels});
    const auto y = conv_norm(cx, fn::Relu{}, conv1, bn1, x, grid);
    const Grid half = conv1.over(grid);
    grid = pool().over(half);
    return max_pool(cx, y, half, pool());
  }
  static constexpr Window pool() { return {3, 2, 1}; }
};

namespace detail {
template <TorchvisionResNetConfig C, Index Embed, class B, class Blocks>
struct TorchvisionResNetTower {
  static_assert(std::is_same_v<Blocks, Residual>,
                "TorchvisionResNet: this tower has no residual blocks to replace; give the blocks to the text tower "
                "alone: Model<Config, Backend, Residual, Blocks>");
  using type = TorchvisionResNet<C, Embed, B>;
};
}  // namespace detail

template <>
struct Tower<TorchvisionResNetConfig> {
  template <TorchvisionResNetConfig C, Index Embed, class B, class Blocks>
  using type = typename detail::TorchvisionResNetTower<C, Embed, B, Blocks>::type;

  static constexpr TorchvisionResNetConfig dynamic{.image_size = dyn, .layers = {dyn, dyn, dyn, dyn}, .width = dyn};
};

}  // namespace clip::inline CLIP_ABI
