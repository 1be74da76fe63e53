// A model with weights, for the commands that encode. Its machinery is compiled once, in model.cpp.
#pragma once

#include <clip/config/any.hpp>
#include <clip/image/image.hpp>
#include <clip/tensor/tensor.hpp>
#include <clip/text/texts.hpp>

#include <memory>
#include <string>

namespace tool {

enum class Towers { image, text, both };

/// What weights are stored as while they are used; arithmetic is float.
enum class Dtype { f32, bf16, f16, int8 };

/// How much there is to encode: for a few, weights are used where their file is mapped; packing them first pays for many.
enum class Work { few, many };

/// Only the towers that are asked for are read and take memory.
class Model {
 public:
  /// threads: 0 for all cores this process may use.
  Model(const clip::AnyConfig& config, const std::string& weights, Towers towers, Dtype dtype, int threads, Work work = Work::many);
  Model(Model&&) noexcept;
  ~Model();

  const clip::AnyConfig& config() const { return config_; }
  clip::ImageInput input() const { return config_.input(); }
  /// (n, embed_dim), not normalised.
  clip::Features<float, clip::dyn> encode_image(const clip::Images& images) const;
  clip::Features<float, clip::dyn> encode_text(const clip::Texts& texts) const;
  /// exp(logit_scale). Of both towers.
  double temperature() const;

 private:
  struct Held;
  clip::AnyConfig config_;
  std::unique_ptr<Held> held_;
};

/// Trained values of such a model; nothing of that size is allocated.
clip::Index count_parameters(const clip::AnyConfig& config);

}  // namespace tool
