// clip/model/fuse.hpp: fusing of a trained model: the branches of its towers become one convolution each.
#pragma once

#include <clip/autograd/copy_parameters.hpp>
#include <clip/autograd/walk.hpp>
#include <clip/core/result.hpp>
#include <clip/model/any_model.hpp>
#include <clip/model/fused_config.hpp>
#include <clip/model/model.hpp>

#include <algorithm>
#include <type_traits>
#include <utility>

namespace clip::inline CLIP_ABI {

namespace detail {

/// The weights of an encoder as those of its fused form, or of an encoder of the same family.
template <class B, class From, class To>
void fuse_encoder(B& backend, const From& from, To& to) {
  using Source = std::remove_cvref_t<decltype(from.config())>;
  using Target = std::remove_cvref_t<decltype(to.config())>;
  if constexpr (std::is_same_v<Source, Target>) copy_parameters(backend, from.tower, to.tower);
  else fuse(backend, from.tower, to.tower);
}

/// The same for encoders whose families are known only at run time; `to` is of the form of `from`.
template <class B, class From, class To>
void fuse_any(B& backend, const From& any_from, To& any_to) {
  any_from.visit([&](const auto& from) {
    any_to.visit([&](auto& to) {
      using Source = std::remove_cvref_t<decltype(from.config())>;
      using Target = std::remove_cvref_t<decltype(to.config())>;
      if constexpr (std::is_same_v<Source, Target> || std::is_same_v<typename Fusing<Source>::Fused, Target>)
        fuse_encoder(backend, from, to);
    });
  });
}

/// OptionError: weights in a layout other than rows.
template <class M>
Result<void> try_check_unpacked(const M& model) {
  const auto parameters = named_parameters<typename M::T>(model);
  const auto packed = [](const auto& named) { return named.parameter->layout != Layout::rows; };
  if (std::any_of(parameters.begin(), parameters.end(), packed))
    return OptionError{"fuse", "weights of the model", "unpacked ones", "packed ones: unpack() it first"};
  return {};
}

}  // namespace detail

/// The model for inference of a trained model: its features are equal up to rounding (Vasu et al. 2023), it has fewer
/// weights and is never trained. Running statistics are used, as in evaluation. Reads every weight and changes none.
///   const AnyModel fused = fuse(open("mobileclip_s1.pt"));
/// OptionError: no tower has branches, as MobileCLIP's convolutional ones do; a packed model.
template <Backend B, class F>
[[nodiscard]] Result<AnyModel<B, F>> try_fuse(const AnyModel<B, F>& model) {
  const AnyConfigOf<F> config = model.config(), fused = fused_config(config);
  if (fused == config)
    return OptionError{"fuse", "model to fuse", "one with branches of training, as MobileCLIP's image towers have them",
                       is_fused(config) ? "a fused one" : "one without: there is nothing to fuse"};
  if (auto rows = detail::try_check_unpacked(model); !rows) return rows.error();
  B backend = model.backend();
  AnyModel<B, F> result{fused, backend};
  detail::fuse_any(backend, model.image, result.image);
  detail::fuse_any(backend, model.text, result.text);
  detail::copy_parameters(backend, model.similarity, result.similarity);
  return result;
}
template <Backend B, class F>
AnyModel<B, F> fuse(const AnyModel<B, F>& model) {
  return try_fuse(model).value();
}

/// The same for a model whose architecture is in its type: that of the result is fused_config_of<Config>.
template <const auto& Config, Backend B, class ImageBlocks, class TextBlocks>
Model<fused_config_of<Config>, B, ImageBlocks, TextBlocks> fuse(
    const Model<Config, B, ImageBlocks, TextBlocks>& model) {
  using ImageTower = std::remove_cvref_t<decltype(Config.image)>;
  using TextTower = std::remove_cvref_t<decltype(Config.text)>;
  static_assert(has_branches_v<ImageTower> || has_branches_v<TextTower>,
                "fuse: no tower of this model has branches of training, as MobileCLIP's image towers have them: there "
                "is nothing to fuse");
  detail::try_check_unpacked(model).value();
  const auto c = model.config();
  B backend = model.backend();
  Model<fused_config_of<Config>, B, ImageBlocks, TextBlocks> result{
      {c.embed_dim, Fusing<ImageTower>::fused(c.image), Fusing<TextTower>::fused(c.text), c.logit_bias}, backend};
  detail::fuse_encoder(backend, model.image, result.image);
  detail::fuse_encoder(backend, model.text, result.text);
  detail::copy_parameters(backend, model.similarity, result.similarity);
  return result;
}

}  // namespace clip::inline CLIP_ABI
