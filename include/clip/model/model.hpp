// clip/model/model.hpp: a CLIP model whose architecture is a compile-time constant.
#pragma once

#include <clip/config/clip.hpp>
#include <clip/core/rng.hpp>
#include <clip/model/image_encoder.hpp>
#include <clip/model/initialise.hpp>
#include <clip/model/pair.hpp>
#include <clip/model/text_encoder.hpp>

#include <type_traits>
#include <utility>

namespace clip::inline CLIP_ABI {

/// `Model<ViT_B_32>` has the whole architecture in its type: a wrong width does not compile. `ImageBlocks` and
/// `TextBlocks` are the families of residual blocks of the two towers. A loaded model is immutable: encoding is const,
/// may run concurrently, and involves no gradients.
template <const auto& Config, Backend B = Cpu<>, class ImageBlocks = Residual, class TextBlocks = ImageBlocks>
class Model : public Pair<ImageEncoder<Config, B, ImageBlocks>, TextEncoder<Config, B, TextBlocks>, B> {
 public:
  using Image = ImageEncoder<Config, B, ImageBlocks>;
  using Text = TextEncoder<Config, B, TextBlocks>;
  using T = typename B::Scalar;
  static constexpr Index embed_dim = Config.embed_dim;
  using Settings = std::remove_cvref_t<decltype(Config)>;

  /// Weights are zero until loaded.
  explicit Model(B backend = {}) : Model{Config, std::move(backend)} {
    static_assert(Config.fixed(), "Model: sizes known only at run time are given as a configuration: Model{config}");
  }
  /// Initial weights as in the paper; they depend only on the seed and on the parameters' names.
  explicit Model(Rng rng, B backend = {}) : Model{std::move(backend)} { initialise(*this, rng); }

  /// For sizes known only at run time. OptionError: an impossible configuration, or one with an open size.
  explicit Model(const Settings& config, B backend = {})
      : Pair<Image, Text, B>{checked(config).image, config.text, config.embed_dim, config.logit_bias, backend} {}
  Model(const Settings& config, Rng rng, B backend = {}) : Model{config, std::move(backend)} { initialise(*this, rng); }

  /// The configuration with all sizes.
  Settings config() const {
    return {this->text.tower.embed_dim, this->image.config(), this->text.config(), this->similarity.biased()};
  }

 private:
  static const Settings& checked(const Settings& config) {
    check(config).value();
    return config;
  }
};

}  // namespace clip::inline CLIP_ABI
