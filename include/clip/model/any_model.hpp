// clip/model/any_model.hpp: a model whose architecture is known only at run time.
#pragma once

#include <clip/config/json.hpp>
#include <clip/model/model.hpp>

#include <utility>
#include <variant>

namespace clip::inline CLIP_ABI {

/// The same source as Model with every size stored: encodes, trains, loads and saves alike, with the same bits.
///   AnyModel model{read_config("small.json"), Rng{1}};
/// Holds one of the kinds of towers the library knows.
template <Backend B = Cpu<>>
class AnyModel {
 public:
  using T = typename B::Scalar;

  explicit AnyModel(const VitClipConfig& config, B backend = {}) : model_{std::in_place_type<Model<DynamicVit, B>>, config, std::move(backend)} {}
  AnyModel(const VitClipConfig& config, Rng rng, B backend = {}) : model_{std::in_place_type<Model<DynamicVit, B>>, config, rng, std::move(backend)} {}

  static void members(auto& self, auto&& visit) {
    std::visit([&](auto& model) { visit("", model); }, self.model_);
  }

  B& backend() {
    return std::visit([](auto& model) -> B& { return model.backend(); }, model_);
  }
  const B& backend() const {
    return std::visit([](const auto& model) -> const B& { return model.backend(); }, model_);
  }
  VitClipConfig config() const {
    return std::visit([](const auto& model) { return model.config(); }, model_);
  }

  void pack() {
    std::visit([](auto& model) { model.pack(); }, model_);
  }
  void unpack() {
    std::visit([](auto& model) { model.unpack(); }, model_);
  }

  Features<T, dyn> encode_image(const Images& images) const {
    return std::visit([&](const auto& model) { return model.encode_image(images); }, model_);
  }
  Features<T, dyn> encode_text(const Texts& texts) const {
    return std::visit([&](const auto& model) { return model.encode_text(texts); }, model_);
  }
  template <class Cx>
  Rows<Cx, dyn> encode_image(Cx& cx, const Images& images) const {
    return std::visit([&](const auto& model) { return model.encode_image(cx, images); }, model_);
  }
  template <class Cx>
  Rows<Cx, dyn> encode_text(Cx& cx, const Texts& texts) const {
    return std::visit([&](const auto& model) { return model.encode_text(cx, texts); }, model_);
  }

  const Parameter<T>& temperature_parameter() const {
    return std::visit([](const auto& model) -> const Parameter<T>& { return model.logit_scale; }, model_);
  }
  double temperature() const {
    return std::visit([](const auto& model) { return model.temperature(); }, model_);
  }

 private:
  std::variant<Model<DynamicVit, B>> model_;
};

template <class... Seed>
AnyModel(const VitClipConfig&, Seed...) -> AnyModel<>;

/// logit_scale of any kind of model: what losses are given.
template <class M>
const auto& logit_scale_of(const M& model) {
  if constexpr (requires { model.logit_scale; }) return model.logit_scale;
  else return model.temperature_parameter();
}

}  // namespace clip::inline CLIP_ABI
