// The model of the tool on a backend, behind functions that do not depend on it: model.cpp has the processor's, and
// cuda_model.cpp that of a CUDA device.
#pragma once

#include "model.hpp"
#include "random_weights.hpp"
#include "weights.hpp"

#include <clip/checkpoint/model_file.hpp>
#include <clip/model/any_model.hpp>
#include <clip/model/storage.hpp>

#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace tool {

/// What to load of a model, and how.
struct Loading {
  std::string weights, state_dict;  // no weights: random ones
  Towers towers;
  std::optional<clip::Storage> pack;
  bool without_projection;
};

class ModelOnDevice {
 public:
  virtual ~ModelOnDevice() = default;
  virtual clip::Features<float, clip::dyn> encode_image(const clip::Images& images) const = 0;
  virtual clip::Features<float, clip::dyn> encode_text(const clip::Texts& texts) const = 0;
  virtual clip::HiddenStates<float> hidden_states(const clip::TextChunks& chunks,
                                                  const clip::HiddenOptions& options) const = 0;
  virtual void release(Towers tower) const = 0;
  virtual double temperature() const = 0;
  virtual std::optional<double> bias() const = 0;
};

template <class B>
class ModelOn final : public ModelOnDevice {
 public:
  ModelOn(const clip::AnyConfig& config, B backend, const Loading& loading) : model_{config, std::move(backend)} {
    std::optional<clip::TensorFile> file;
    if (!loading.weights.empty()) file = open_weights(loading.weights, loading.state_dict);
    const auto load = [&](auto& part) {
      if (file) {
        const auto done =
            clip::try_load(part, *file, {.without_projection = loading.without_projection, .in_place = B::host_memory});
        if (!done) clip::raise(in_options(done.error(), loading.weights));
      } else if constexpr (B::host_memory) {
        randomise_weights(part);
      }
      if (loading.pack) part.pack(*loading.pack);
    };
    if (loading.towers == Towers::image) load(model_.image);
    else if (loading.towers == Towers::text) load(model_.text);
    else load(model_);
  }

  clip::Features<float, clip::dyn> encode_image(const clip::Images& images) const override {
    return model_.encode_image(images);
  }
  clip::Features<float, clip::dyn> encode_text(const clip::Texts& texts) const override {
    return model_.encode_text(texts);
  }
  clip::HiddenStates<float> hidden_states(const clip::TextChunks& chunks,
                                          const clip::HiddenOptions& options) const override {
    return model_.text.visit([&](const auto& encoder) -> clip::HiddenStates<float> {
      if constexpr (std::is_same_v<std::remove_cvref_t<decltype(encoder.config())>, clip::TextConfig>)
        return clip::hidden_states(encoder, chunks, options);
      else clip::raise(clip::OptionError{"hidden_states", "text tower", "CLIP's", "one of another family"});
    });
  }
  void release(Towers tower) const override {
    if (tower == Towers::image) clip::release_pages(model_.image);
    else clip::release_pages(model_.text);
  }
  double temperature() const override { return model_.similarity.temperature(); }
  std::optional<double> bias() const override {
    return model_.similarity.biased() ? std::optional{model_.similarity.bias()} : std::nullopt;
  }

 private:
  clip::AnyModel<B> model_;
};

/// The model on a CUDA device, which standard error then names.
/// OptionError: a program without CUDA, or a type of weights that devices do not have. SystemError: no driver, no such
/// device, out of memory.
std::unique_ptr<ModelOnDevice> model_on_cuda(const clip::AnyConfig& config, int device, Dtype dtype,
                                             const Loading& loading);

}  // namespace tool
