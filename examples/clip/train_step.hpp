// Steps of training, for `clip bench`. Their machinery is compiled once, in train_step.cpp.
#pragma once

#include "model.hpp"

#include <memory>
#include <string>

namespace tool {

/// Both towers of a model, AdamW and the contrastive loss.
class TrainStep {
 public:
  /// No weights: random ones. bf16: products alone; weights and everything else stay float. threads: 0 for all cores this process may use.
  TrainStep(const clip::AnyConfig& config, const std::string& weights, Dtype dtype, int threads);
  ~TrainStep();

  /// Forward, backward, and a step of the optimiser.
  void operator()(const clip::Images& images, const clip::Texts& texts);

 private:
  struct Held;
  std::unique_ptr<Held> held_;
};

/// The text part of learning a prompt (CoOp): `context` vectors that all classes share stand before their names.
class PromptStep {
 public:
  /// names: those of the classes, with what follows them. Frozen weights; none: random ones. threads: 0 for all cores this process may use.
  PromptStep(const clip::AnyConfig& config, const std::string& weights, const clip::Texts& names, clip::Index context,
             int threads);
  ~PromptStep();

  /// Features of all prompts, and the gradient of the vectors.
  void operator()();

 private:
  struct Held;
  std::unique_ptr<Held> held_;
};

}  // namespace tool
