// clip/model/any_model.hpp: a model whose architecture is known only at run time.
#pragma once

#include <clip/config/any.hpp>
#include <clip/config/openai_resnet.hpp>
#include <clip/model/model.hpp>

#include <memory>
#include <span>
#include <utility>
#include <variant>

namespace clip::inline CLIP_ABI {

/// The same source as Model with every size stored: encodes, trains, loads and saves alike, with the same bits.
///   AnyModel model{read_config("small.json"), Rng{1}};
/// Holds one of the kinds of models the library knows.
template <Backend B = Cpu<>>
class AnyModel {
  using Kinds = std::variant<Model<DynamicVit, B>, Model<DynamicResNet, B>>;

 public:
  using T = typename B::Scalar;

  explicit AnyModel(const AnyConfig& config, B backend = {}) : model_{make(config, std::move(backend))} {}
  AnyModel(const AnyConfig& config, Rng rng, B backend = {}) : model_{make(config, rng, std::move(backend))} {}

  static void members(auto& self, auto&& visit) {
    std::visit([&](auto& model) { visit("", model); }, self.model_);
  }

  B& backend() {
    return std::visit([](auto& model) -> B& { return model.backend(); }, model_);
  }
  const B& backend() const {
    return std::visit([](const auto& model) -> const B& { return model.backend(); }, model_);
  }
  AnyConfig config() const {
    return visit([](const auto& model) { return AnyConfig{model.config()}; });
  }
  ImageInput input() const {
    return visit([](const auto& model) { return model.input(); });
  }

  /// f(the model of its kind): for what only some kinds have, and for one tower alone.
  ///   model.visit([&](auto& m) { load(m.image, path); });
  template <class F>
  decltype(auto) visit(F&& f) {
    return std::visit(f, model_);
  }
  template <class F>
  decltype(auto) visit(F&& f) const {
    return std::visit(f, model_);
  }

  void pack(Storage storage = Storage::full) {
    std::visit([&](auto& model) { model.pack(storage); }, model_);
  }
  void unpack() {
    std::visit([](auto& model) { model.unpack(); }, model_);
  }
  void keep(std::span<const std::shared_ptr<const MappedFile>> files) {
    std::visit([&](auto& model) { model.keep(files); }, model_);
  }
  void release_unused_files() {
    std::visit([](auto& model) { model.release_unused_files(); }, model_);
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
  template <class Cx, class Vectors>
  Rows<Cx, dyn> encode_prompts(Cx& cx, const Texts& prompts, const Vectors& vectors) const {
    return std::visit([&](const auto& model) { return model.encode_prompts(cx, prompts, vectors); }, model_);
  }

  const Parameter<T>& temperature_parameter() const {
    return std::visit([](const auto& model) -> const Parameter<T>& { return model.logit_scale; }, model_);
  }
  double temperature() const {
    return std::visit([](const auto& model) { return model.temperature(); }, model_);
  }

 private:
  template <class... Rest>
  static Kinds make(const AnyConfig& config, Rest&&... rest) {
    return config.visit([&](const auto& c) -> Kinds {
      if constexpr (std::is_same_v<std::remove_cvref_t<decltype(c)>, VitClipConfig>)
        return Kinds{std::in_place_type<Model<DynamicVit, B>>, c, std::forward<Rest>(rest)...};
      else return Kinds{std::in_place_type<Model<DynamicResNet, B>>, c, std::forward<Rest>(rest)...};
    });
  }

  Kinds model_;
};

template <class... Seed>
AnyModel(const AnyConfig&, Seed...) -> AnyModel<>;

/// logit_scale of any kind of model: what losses are given.
template <class M>
const auto& logit_scale_of(const M& model) {
  if constexpr (requires { model.logit_scale; }) return model.logit_scale;
  else return model.temperature_parameter();
}

}  // namespace clip::inline CLIP_ABI
