// clip/tower/mci/mci.hpp: MobileCLIP's convolutional image tower: images to embeddings.
#pragma once

#include <clip/nn/residual_block.hpp>
#include <clip/tower/mci/blocks.hpp>
#include <clip/tower/passes.hpp>
#include <clip/tower/tower.hpp>

#include <type_traits>

namespace clip::inline CLIP_ABI {

/// MobileCLIP's image tower with the member names of timm's fastvit_mci models. C : MciConfig or FusedMciConfig.
template <auto C, Index Embed, Backend B>
struct Mci {
  static_assert(
      problem(C) == nullptr,
      "MciConfig: sizes must be positive, widths of attention multiples of 32, and a stage without blocks the "
      "last");
  using T = typename B::Scalar;
  static constexpr bool fused = C.fused;
  using One = MobileOne<B, fused>;

  Known<C> config;
  [[no_unique_address]] Size<Embed> embed_dim;
  One stem0{{.sizes = {config->channels, width(), {3, 3, 2}}, .scale = config->stem_scale}};
  One stem1{{.sizes = {width(), width(), {3, 3, 2}, true}, .scale = config->stem_scale}};
  One stem2{{.sizes = {width(), width()}}};
  Layers<MciStageModule<B, fused>, dyn> stages;
  One final_conv{{.sizes = {config->features() / 2, config->features(), {3, 3}, true},
                  .scale = true,
                  .squeezed = config->features_squeezed()}};
  Linear<B, dyn, Embed> head{Size<dyn>{config->features()}, embed_dim};

  constexpr Mci(Known<C> config_ = {}, Size<Embed> embed_dim_ = {})
      : config{config_}, embed_dim{embed_dim_}, stages{Size<dyn>{config->depth()}, [this](Index s) {
                                                         return MciStageModule<B, fused>{mci_config<false>(*config), s};
                                                       }} {}

  static constexpr void members(auto& self, auto&& visit) {
    visit("trunk.stem.0", self.stem0);
    visit("trunk.stem.1", self.stem1);
    visit("trunk.stem.2", self.stem2);
    visit("trunk.stages", self.stages);
    visit("trunk.final_conv", self.final_conv);
    visit("trunk.head.fc", self.head);
  }

  /// images : (n, channels · image_size²) → (n, Embed), not normalised
  /// A fused tower does not compile on a tape; where the file decides whether it is fused (AnyModel), OptionError.
  template <class Cx>
  Rows<Cx, Embed> operator()(Cx& cx, Rows<Cx, dyn> images) const {
    if constexpr (Cx::recording && fused) {
      refuse<Cx>();
      return cx.allocate(images.rows(), embed_dim);
    } else if constexpr (Cx::recording) {
      return encode(cx, images);
    } else {
      return detail::in_passes(cx, images, images_at_once(), embed_dim,
                               [&](Rows<Cx, dyn> some) { return encode(cx, some); });
    }
  }

  /// The number of stages.
  Index depth() const { return stages.size(); }
  /// Images per inference pass: the activations of one image fill the cache of a CPU.
  static constexpr Index images_at_once() { return detail::convolved_per_pass<B>(4); }

  /// Every pixel after the stem and the first `layers` stages, 0 to depth(): (n · pixels, channels there)
  template <class Cx>
  Rows<Cx, dyn> states(Cx& cx, Rows<Cx, dyn> images, Index layers) const {
    Grid grid{images.rows(), config->image_size, config->image_size};
    if constexpr (Cx::recording && fused) {
      refuse<Cx>();
      return images;
    } else {
      return through(cx, images, layers, grid);
    }
  }

 private:
  /// Gradients of a sum say nothing of its branches.
  template <class Cx>
  static void refuse() {
    static_assert(!C.fixed(),
                  "This model is fused: its branches are one convolution each, for inference. Train the model with "
                  "branches (MciConfig) and fuse it afterwards.");
    raise(OptionError{"encode_image", "tower to train", "one with branches", "a fused one, which is for inference"});
  }
  constexpr Index width() const { return config->stage(0).width; }

  template <class Cx>
  Rows<Cx, dyn> through(Cx& cx, Rows<Cx, dyn> images, Index layers, Grid& grid) const {
    Rows<Cx, dyn> x = channels_last(cx, images, config->channels, grid, Size<dyn>{config->channels});
    for (const One* const part : {&stem0, &stem1, &stem2}) {
      x = (*part)(cx, x, grid);
      grid = part->over(grid);
    }
    for (Index s = 0; s < layers; ++s) x = stages[s](cx, x, grid);
    return x;
  }

  template <class Cx>
  Rows<Cx, Embed> encode(Cx& cx, Rows<Cx, dyn> images) const {
    Grid grid{images.rows(), config->image_size, config->image_size};
    const auto x = through(cx, images, depth(), grid);
    const auto y = final_conv(cx, x, grid);
    return head(cx, average_pool(cx, y, grid, grid.height));
  }
};

namespace detail {
template <auto C, Index Embed, class B, class Blocks>
struct MciTower {
  static_assert(std::is_same_v<Blocks, Residual>,
                "Mci: this tower has no residual blocks to replace; give the blocks to the text tower alone: "
                "Model<Config, Backend, Residual, Blocks>");
  using type = Mci<C, Embed, B>;
};
}  // namespace detail

template <bool Fused>
struct Tower<MciConfigOf<Fused>> {
  template <MciConfigOf<Fused> C, Index Embed, class B, class Blocks>
  using type = typename detail::MciTower<C, Embed, B, Blocks>::type;

  static constexpr MciConfigOf<Fused> dynamic{.image_size = dyn, .stages = {MciStage{dyn, dyn, dyn}}};
};

}  // namespace clip::inline CLIP_ABI
