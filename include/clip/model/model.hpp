// clip/model/model.hpp: CLIP: two encoders and a temperature.
#pragma once

#include <clip/config/openai.hpp>
#include <clip/core/rng.hpp>
#include <clip/model/image_encoder.hpp>
#include <clip/model/initialise.hpp>
#include <clip/model/text_encoder.hpp>

#include <cmath>
#include <memory>
#include <numbers>
#include <span>

namespace clip::inline CLIP_ABI {

/// `Model<ViT_B_32>` is the whole architecture in a type: a wrong width does not compile. `Blocks` is the family of residual
/// blocks both towers use. A loaded model is immutable: encoding is const, may run concurrently, and knows nothing of
/// gradients.
template <const auto& Config, Backend B = Cpu<>, class Blocks = Residual>
class Model {
 public:
  using T = typename B::Scalar;
  static constexpr Index embed_dim = Config.embed_dim;
  using Settings = std::remove_cvref_t<decltype(Config)>;

  /// Weights are zero until loaded.
  explicit Model(B backend = {}) : Model{Config, std::move(backend)} {
    static_assert(Config.fixed(), "Model: sizes known only at run time are given as a configuration: Model{config}");
  }
  /// Weights as the paper begins; they depend on the seed and on their names alone.
  explicit Model(Rng rng, B backend = {}) : Model{std::move(backend)} { initialise(*this, rng); }

  /// Sizes known only at run time.
  explicit Model(const Settings& config, B backend = {})
      : image{checked(config), backend}, text{config, backend}, backend_{backend}, scale_{backend_, 1} {
    logit_scale.data = scale_.data();
    backend_.fill(logit_scale.view(), static_cast<T>(logit_scale.init.scale));
  }
  Model(const Settings& config, Rng rng, B backend = {}) : Model{config, std::move(backend)} { initialise(*this, rng); }

  ImageEncoder<Config, B, Blocks> image;
  TextEncoder<Config, B, Blocks> text;
  /// ln of the factor on similarities; begins at ln(1/0.07) and is kept within [0, ln 100] by every optimiser.
  Parameter<T> logit_scale{{}, Init::constant(2.6592600369327783), Use::other, {0, 2 * std::numbers::ln10}};

  static constexpr void members(auto& self, auto&& visit) {
    visit("", self.image);
    visit("", self.text);
    visit("logit_scale", self.logit_scale);
  }

  B& backend() { return backend_; }
  const B& backend() const { return backend_; }
  ImageInput input() const { return image.input(); }
  Settings config() const { return {text.text.embed_dim, image.config(), text.config()}; }

  /// See ImageEncoder: faster products for a model that only encodes, the same bits.
  void pack(Storage storage = Storage::full) { image.pack(storage), text.pack(storage); }
  void unpack() { image.unpack(), text.unpack(); }
  void keep(std::span<const std::shared_ptr<const MappedFile>> files) { image.keep(files), text.keep(files); }
  void release_unused_files() { image.release_unused_files(), text.release_unused_files(); }

  /// (n, embed_dim), not normalised; see ImageEncoder.
  auto encode_image(const Images& images) const { return image.encode_image(images); }
  auto encode_image(auto& cx, const Images& images) const { return image.encode_image(cx, images); }
  /// (n, embed_dim), not normalised; see TextEncoder.
  auto encode_text(const Texts& texts) const { return text.encode_text(texts); }
  auto encode_text(auto& cx, const Texts& texts) const { return text.encode_text(cx, texts); }
  /// Learned vectors among the tokens; see TextEncoder.
  auto encode_prompts(auto& cx, const Texts& prompts, const auto& vectors) const {
    return text.encode_prompts(cx, prompts, vectors);
  }

  /// exp(logit_scale): what similarities are multiplied by.
  double temperature() const {
    double log_scale = 0;
    B{backend_}.download(In<T>{logit_scale.view()}, std::span<double>{&log_scale, 1});
    return std::exp(log_scale);
  }

 private:
  static const Settings& checked(const Settings& config) { return check(config).value(), config; }

  B backend_;
  Buffer<B> scale_;
};

}  // namespace clip::inline CLIP_ABI
