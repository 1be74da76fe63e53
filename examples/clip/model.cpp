#include "model.hpp"

#include "weights.hpp"

#include <clip/checkpoint/model_file.hpp>
#include <clip/model/any_model.hpp>

#include <type_traits>
#include <utility>
#include <vector>

namespace tool {
namespace {

/// One encoder from a file that holds both; the tensors of the other are not looked at.
template <class Encoder>
void load_alone(Encoder& encoder, const clip::TensorFile& weights, bool image) {
  const clip::TensorFile named = clip::in_openai_names(weights);
  std::vector<clip::FileTensor> tensors;
  for (const clip::FileTensor& t : named.tensors())
    if (t.name.starts_with("visual.") == image && !t.name.starts_with("logit_")) tensors.push_back(t);
  clip::try_load(encoder, named.with(std::move(tensors))).value();
}

/// The module of a tower with every size left open: its shapes, without memory for the weights.
template <auto Open, class Config>
clip::Index count_tower(const Config& config, clip::Index embed_dim) {
  return clip::count_parameters(clip::TowerOf<Open, clip::dyn, clip::Cpu<>, clip::Residual>{config, embed_dim});
}

}  // namespace

struct Model::Held {
  clip::AnyModel<> model;
};

Model::Model(const clip::AnyConfig& config, const std::string& weights, Towers towers, Dtype dtype, int threads)
    : config_{config}, held_{new Held{clip::AnyModel<>{config, clip::Cpu<>{{.threads = threads}}}}} {
  const auto storage = dtype == Dtype::bf16 ? clip::Storage::bfloat16 : dtype == Dtype::f16 ? clip::Storage::half : clip::Storage::full;
  const clip::TensorFile file = open_weights(weights);
  held_->model.visit([&](auto& model) {
    if (towers == Towers::image) load_alone(model.image, file, true), model.image.pack(storage);
    else if (towers == Towers::text) load_alone(model.text, file, false), model.text.pack(storage);
    else clip::try_load(model, file).value(), model.pack(storage);
  });
}

Model::Model(Model&&) noexcept = default;
Model::~Model() = default;

clip::Features<float, clip::dyn> Model::encode_image(const clip::Images& images) const { return held_->model.encode_image(images); }
clip::Features<float, clip::dyn> Model::encode_text(const clip::Texts& texts) const { return held_->model.encode_text(texts); }
double Model::temperature() const { return held_->model.temperature(); }

clip::Index count_parameters(const clip::AnyConfig& config) {
  const clip::Index image = config.visit([](const auto& c) {
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(c.image)>, clip::VitConfig>) return count_tower<clip::DynamicVit.image>(c.image, c.embed_dim);
    else return count_tower<clip::DynamicResNet.image>(c.image, c.embed_dim);
  });
  return image + count_tower<clip::DynamicVit.text>(config.text, config.embed_dim) + 1;  // and logit_scale
}

}  // namespace tool
