// A model with weights, for the commands that encode. Its templates are compiled once, in model.cpp.
#pragma once

#include <clip/image/image.hpp>
#include <clip/model/any_config.hpp>
#include <clip/model/hidden_states.hpp>
#include <clip/tensor/tensor.hpp>
#include <clip/tokens/texts.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace tool {

enum class Towers { image, text, both };

/// The type of weights in memory, and of matrix products where the CPU supports it.
enum class Dtype { f32, bf16, f16, int8 };

/// The names on the command line.
inline constexpr std::array<std::pair<const char*, Dtype>, 4> dtypes{
    {{"f32", Dtype::f32}, {"bf16", Dtype::bf16}, {"f16", Dtype::f16}, {"int8", Dtype::int8}}};
constexpr const char* name_of(Dtype dtype) {
  return std::find_if(dtypes.begin(), dtypes.end(), [=](const auto& named) { return named.second == dtype; })->first;
}

/// How much to encode: `few` uses the weights in the mapped file, `many` packs them first, which takes time.
enum class Work { few, many };

/// Where a model computes.
struct Device {
  int threads = 0;            // of the processor; 0: all cores this process may use
  std::optional<int> cuda{};  // the number of a CUDA device, instead of the processor
};

/// A model of which only the requested towers are read and use memory.
class Model {
 public:
  /// No weights: random weights, on the processor.
  Model(const clip::AnyConfig& config, const std::string& weights, Towers towers, Dtype dtype, Device device,
        Work work = Work::many, const std::string& state_dict = {}, bool without_projection = false);
  Model(Model&&) noexcept;
  ~Model();

  const clip::AnyConfig& config() const { return config_; }
  clip::ImageInput input() const { return config_.input(); }
  clip::TextInput text_input() const { return config_.text_input(); }
  /// (n, embed_dim), not normalised.
  clip::Features<float, clip::dyn> encode_image(const clip::Images& images) const;
  clip::Features<float, clip::dyn> encode_text(const clip::Texts& texts) const;
  /// Of a text tower with a TextConfig. OptionError: another.
  clip::HiddenStates<float> hidden_states(const clip::TextChunks& chunks, const clip::HiddenOptions& options) const;
  /// NumericError: a feature that is not finite, of the image or text `name`. Raised, since all others would fail, if
  /// the weights have such values: it names the first tensor that has.
  clip::Result<void> try_finite(std::span<const float> features, const char* tower, const std::string& name) const;
  /// Releases the file pages of one tower from memory until it is used again. Requires both towers.
  void release(Towers tower) const;
  /// exp(logit_scale). Requires both towers.
  double temperature() const;
  /// logit_bias of a model that has one. Requires both towers.
  std::optional<double> bias() const;

 private:
  struct Impl;
  clip::AnyConfig config_;
  std::unique_ptr<Impl> impl_;
};

/// Whether matrix products are computed in this type here; otherwise weights of it are widened on the way.
bool has_products(Dtype dtype);

/// Peak operations per second of matrix products with this type of weights; a multiply-add counts as 2. Takes 40 ms.
double peak_flops(Dtype dtype, int threads);

/// The number of trained parameters of a model; does not allocate them.
clip::Index count_parameters(const clip::AnyConfig& config);

}  // namespace tool
