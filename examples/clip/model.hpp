// A model with weights, for the commands that encode. Its machinery is compiled once, in model.cpp.
#pragma once

#include <clip/image/image.hpp>
#include <clip/model/any_config.hpp>
#include <clip/tensor/tensor.hpp>
#include <clip/tokens/texts.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>

namespace tool {

enum class Towers { image, text, both };

/// What weights are stored as while they are used, and products computed in where the machine can.
enum class Dtype { f32, bf16, f16, int8 };

/// As users say them.
inline constexpr std::array<std::pair<const char*, Dtype>, 4> dtypes{
    {{"f32", Dtype::f32}, {"bf16", Dtype::bf16}, {"f16", Dtype::f16}, {"int8", Dtype::int8}}};
constexpr const char* name_of(Dtype dtype) {
  return std::find_if(dtypes.begin(), dtypes.end(), [=](const auto& named) { return named.second == dtype; })->first;
}

/// How much there is to encode: for a few, weights are used where their file is mapped; packing them first pays for many.
enum class Work { few, many };

/// Only the towers that are asked for are read and take memory.
class Model {
 public:
  /// No weights: random ones. threads: 0 for all cores this process may use.
  Model(const clip::AnyConfig& config, const std::string& weights, Towers towers, Dtype dtype, int threads,
        Work work = Work::many);
  Model(Model&&) noexcept;
  ~Model();

  const clip::AnyConfig& config() const { return config_; }
  clip::ImageInput input() const { return config_.input(); }
  clip::TextInput text_input() const { return config_.text_input(); }
  /// (n, embed_dim), not normalised.
  clip::Features<float, clip::dyn> encode_image(const clip::Images& images) const;
  clip::Features<float, clip::dyn> encode_text(const clip::Texts& texts) const;
  /// One of both towers rests: the pages of its file need not stay in memory.
  void rest(Towers tower) const;
  /// exp(logit_scale). Of both towers.
  double temperature() const;

 private:
  struct Held;
  clip::AnyConfig config_;
  std::unique_ptr<Held> held_;
};

/// Operations a second the cores do at most in products with such weights, a multiply-add being two. Takes 40 ms.
double peak_flops(Dtype dtype, int threads);

/// Trained values of such a model; nothing of that size is allocated.
clip::Index count_parameters(const clip::AnyConfig& config);

}  // namespace tool
