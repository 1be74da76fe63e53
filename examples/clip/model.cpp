#include "model.hpp"

#include "random_weights.hpp"
#include "weights.hpp"

#include <clip/backend/cpu/peak.hpp>
#include <clip/checkpoint/model_file.hpp>
#include <clip/model/any_model.hpp>
#include <clip/model/count.hpp>

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace tool {

struct Model::Impl {
  clip::AnyModel<> model;
  std::string weights, state_dict;
  std::optional<std::string> not_finite{};  // the tensor of the file with such values; unknown until it is needed
};

namespace {

clip::Storage storage_of(Dtype dtype) {
  switch (dtype) {
    case Dtype::bf16: return clip::Storage::bfloat16;
    case Dtype::f16: return clip::Storage::half;
    case Dtype::int8: return clip::Storage::int8;
    default: return clip::Storage::full;
  }
}

}  // namespace

Model::Model(const clip::AnyConfig& config, const std::string& weights, Towers towers, Dtype dtype, int threads,
             Work work, const std::string& state_dict, bool without_projection)
    : config_{config}, impl_{
                           new Impl{clip::AnyModel<>{config, clip::Cpu<>{{.threads = threads}}}, weights, state_dict}} {
  const auto storage = storage_of(dtype);
  std::optional<clip::TensorFile> file;
  if (!weights.empty()) file = open_weights(weights, state_dict);
  const auto load = [&](auto& part) {
    if (!file) randomise_weights(part);
    else if (const auto done =
                 clip::try_load(part, *file, {.without_projection = without_projection, .in_place = true});
             !done)
      clip::raise(in_options(done.error(), weights));
    if (work == Work::many || dtype != Dtype::f32) part.pack(storage);
  };
  if (towers == Towers::image) load(impl_->model.image);
  else if (towers == Towers::text) load(impl_->model.text);
  else load(impl_->model);
}

Model::Model(Model&&) noexcept = default;
Model::~Model() = default;

clip::Features<float, clip::dyn> Model::encode_image(const clip::Images& images) const {
  return impl_->model.encode_image(images);
}
clip::Features<float, clip::dyn> Model::encode_text(const clip::Texts& texts) const {
  return impl_->model.encode_text(texts);
}
clip::Result<void> Model::try_finite(std::span<const float> features, const char* tower,
                                     const std::string& name) const {
  if (std::ranges::all_of(features, [](float x) { return std::isfinite(x); })) return {};
  auto& tensor = impl_->not_finite;
  const std::string what = std::string(tower) + " features that are not finite";
  if (!tensor) tensor = impl_->weights.empty() ? "" : first_not_finite(impl_->weights, impl_->state_dict);
  if (tensor->empty()) return clip::NumericError{name, what};
  clip::raise(
      clip::NumericError{name, what + "; the weights have such values in " + *tensor + " (" + impl_->weights + ")"});
}
void Model::release(Towers tower) const {
  if (tower == Towers::image) clip::release_pages(impl_->model.image);
  else clip::release_pages(impl_->model.text);
}
double Model::temperature() const { return impl_->model.similarity.temperature(); }
std::optional<double> Model::bias() const {
  const auto& similarity = impl_->model.similarity;
  return similarity.biased() ? std::optional{similarity.bias()} : std::nullopt;
}

bool has_products(Dtype dtype) { return dtype != Dtype::int8 || clip::Cpu<>::multiplies_int8(); }

double peak_flops(Dtype dtype, int threads) {
  return clip::peak_flops(clip::packed_layout<clip::Cpu<>>(storage_of(dtype)), threads);
}

clip::Index count_parameters(const clip::AnyConfig& config) { return clip::count_parameters(config).total(); }

}  // namespace tool
