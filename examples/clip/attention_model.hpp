// An image encoder whose attention can be seen. Its templates are compiled once, in attention_model.cpp.
#pragma once

#include "commands.hpp"

#include <clip/image/image.hpp>
#include <clip/tensor/tensor.hpp>

#include <memory>

namespace tool {

/// The image tower of a model in float, with its own copy of the weights.
class AttentionModel {
 public:
  explicit AttentionModel(const ModelOptions& options);
  ~AttentionModel();

  /// (images, maps, height, width): of last, heads or rollout. The errors are those of clip::attention_maps.
  clip::Tensor<float> maps(const clip::Images& images, AttentionKind kind, clip::Index layer) const;
  /// (images, texts, height, width). The errors are those of clip::relevance_maps.
  clip::Tensor<float> relevance(const clip::Images& images, const clip::Features<float, clip::dyn>& texts, double scale,
                                clip::Index layer) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tool
