// clip/model/any_model.hpp: a CLIP model whose architecture is chosen at run time.
#pragma once

#include <clip/core/rng.hpp>
#include <clip/model/any_config.hpp>
#include <clip/model/any_encoder.hpp>
#include <clip/model/initialise.hpp>
#include <clip/model/pair.hpp>

#include <utility>

namespace clip::inline CLIP_ABI {

/// A Model with every size stored at run time, and any image tower of the families F with any text tower. Encodes,
/// trains, loads and saves like Model, with the same bits.
///   AnyModel model{read_config("small.json"), Rng{1}};
template <Backend B = Cpu<>, class F = KnownFamilies>
class AnyModel : public Pair<AnyImageEncoder<B, typename F::Images>, AnyTextEncoder<B, typename F::Texts>, B> {
  using Base = Pair<AnyImageEncoder<B, typename F::Images>, AnyTextEncoder<B, typename F::Texts>, B>;

 public:
  using T = typename B::Scalar;
  static constexpr Index embed_dim = dyn;

  /// Weights are zero until loaded. OptionError: an impossible configuration.
  explicit AnyModel(const AnyConfigOf<F>& config, B backend = {})
      : Base{checked(config).image, config.text, config.embed_dim, config.logit_bias, backend}, embed_dim_{
                                                                                                    config.embed_dim} {}
  /// Initial weights as in Model.
  AnyModel(const AnyConfigOf<F>& config, Rng rng, B backend = {}) : AnyModel{config, std::move(backend)} {
    initialise(*this, rng);
  }

  AnyConfigOf<F> config() const {
    return {embed_dim_, this->image.config(), this->text.config(), this->similarity.biased()};
  }

 private:
  static const AnyConfigOf<F>& checked(const AnyConfigOf<F>& config) {
    check(config).value();
    return config;
  }

  Index embed_dim_;
};

template <class F, class... Seed>
AnyModel(const AnyConfigOf<F>&, Seed...) -> AnyModel<Cpu<>, F>;
template <class Image, class Text, class... Seed>
AnyModel(const ClipConfig<Image, Text>&, Seed...) -> AnyModel<Cpu<>, KnownFamilies>;

}  // namespace clip::inline CLIP_ABI
