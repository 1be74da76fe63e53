#include "model.hpp"

#include "model_on.hpp"

#include <clip/backend/cpu/peak.hpp>
#include <clip/model/count.hpp>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace tool {

struct Model::Impl {
  std::unique_ptr<ModelOnDevice> model;
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

Model::Model(const clip::AnyConfig& config, const std::string& weights, Towers towers, Dtype dtype, Device device,
             Work work, const std::string& state_dict, bool without_projection)
    : config_{config}, impl_{new Impl{{}, weights, state_dict}} {
  Loading loading{weights, state_dict, towers, {}, without_projection};
  if (device.cuda) {
    impl_->model = model_on_cuda(config, *device.cuda, dtype, loading);
    return;
  }
  if (work == Work::many || dtype != Dtype::f32) loading.pack = storage_of(dtype);
  impl_->model = std::make_unique<ModelOn<clip::Cpu<>>>(config, clip::Cpu<>{{.threads = device.threads}}, loading);
}

Model::Model(Model&&) noexcept = default;
Model::~Model() = default;

clip::Features<float, clip::dyn> Model::encode_image(const clip::Images& images) const {
  return impl_->model->encode_image(images);
}
clip::Features<float, clip::dyn> Model::encode_text(const clip::Texts& texts) const {
  return impl_->model->encode_text(texts);
}
clip::HiddenStates<float> Model::hidden_states(const clip::TextChunks& chunks,
                                               const clip::HiddenOptions& options) const {
  return impl_->model->hidden_states(chunks, options);
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
void Model::release(Towers tower) const { impl_->model->release(tower); }
double Model::temperature() const { return impl_->model->temperature(); }
std::optional<double> Model::bias() const { return impl_->model->bias(); }

bool has_products(Dtype dtype) { return dtype != Dtype::int8 || clip::Cpu<>::multiplies_int8(); }

double peak_flops(Dtype dtype, int threads) {
  return clip::peak_flops(clip::packed_layout<clip::Cpu<>>(storage_of(dtype)), threads);
}

clip::Index count_parameters(const clip::AnyConfig& config) { return clip::count_parameters(config).total(); }

}  // namespace tool
