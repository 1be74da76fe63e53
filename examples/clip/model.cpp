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
#include <string>
#include <utility>

namespace tool {

struct Model::Impl {
  clip::AnyModel<> model;
  std::string weights, state_dict;
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

using Features = clip::Features<float, clip::dyn>;

/// The features. NumericError: a value that is not finite; names the first tensor of the file that has such a value.
Features finite(Features features, const char* tower, const std::string& weights, const std::string& state_dict) {
  if (std::ranges::all_of(features.values(), [](float x) { return std::isfinite(x); })) return features;
  const std::string tensor = weights.empty() ? "" : first_not_finite(weights, state_dict);
  clip::raise(clip::NumericError{weights.empty() ? "random weights" : weights,
                                 std::string(tower) + " features that are not finite" +
                                     (tensor.empty() ? "" : "; the weights have such values in " + tensor)});
}

}  // namespace

Model::Model(const clip::AnyConfig& config, const std::string& weights, Towers towers, Dtype dtype, int threads,
             Work work, const std::string& state_dict)
    : config_{config},
      impl_{new Impl{clip::AnyModel<>{config, clip::Cpu<>{{.threads = threads}}}, weights, state_dict}} {
  const auto storage = storage_of(dtype);
  std::optional<clip::TensorFile> file;
  if (!weights.empty()) file = open_weights(weights, state_dict);
  const auto load = [&](auto& part) {
    if (file) clip::try_load(part, *file, {.in_place = true}).value();
    else randomise_weights(part);
    if (work == Work::many || dtype != Dtype::f32) part.pack(storage);
  };
  if (towers == Towers::image) load(impl_->model.image);
  else if (towers == Towers::text) load(impl_->model.text);
  else load(impl_->model);
}

Model::Model(Model&&) noexcept = default;
Model::~Model() = default;

clip::Features<float, clip::dyn> Model::encode_image(const clip::Images& images) const {
  return finite(impl_->model.encode_image(images), "image", impl_->weights, impl_->state_dict);
}
clip::Features<float, clip::dyn> Model::encode_text(const clip::Texts& texts) const {
  return finite(impl_->model.encode_text(texts), "text", impl_->weights, impl_->state_dict);
}
void Model::release(Towers tower) const {
  if (tower == Towers::image) clip::release_pages(impl_->model.image);
  else clip::release_pages(impl_->model.text);
}
double Model::temperature() const { return impl_->model.similarity.temperature(); }

double peak_flops(Dtype dtype, int threads) {
  return clip::peak_flops(clip::packed_layout<clip::Cpu<>>(storage_of(dtype)), threads);
}

clip::Index count_parameters(const clip::AnyConfig& config) { return clip::count_parameters(config).total(); }

}  // namespace tool
