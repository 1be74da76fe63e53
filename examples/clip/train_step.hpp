// Training steps for `clip bench`, and training for `clip prompt`. Their templates are compiled in train_step.cpp.
#pragma once

#include "lists.hpp"
#include "model.hpp"
#include "text.hpp"

#include <clip/learn/context_prompts.hpp>
#include <clip/learn/train_prompts.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace tool {

/// A training step of both towers with AdamW and the contrastive loss.
class TrainStep {
 public:
  /// No weights: random weights. bf16 applies to products only; weights and all else stay float.
  /// threads: 0 for all cores this process may use.
  TrainStep(const clip::AnyConfig& config, const std::string& weights, Dtype dtype, int threads);
  ~TrainStep();

  /// Forward pass, backward pass and optimiser step.
  void operator()(const clip::Images& images, const clip::Texts& texts);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The text part of a prompt-learning step (CoOp): `context` learned vectors,
/// shared by all classes, precede the class name.
class PromptStep {
 public:
  /// names: the class names with what follows them. The weights are frozen; none: random weights.
  /// threads: 0 for all cores this process may use.
  PromptStep(const clip::AnyConfig& config, const std::string& weights, const clip::Texts& names, clip::Index context,
             int threads);
  ~PromptStep();

  /// Computes the features of all prompts and the gradient of the learned vectors.
  void operator()();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// A prompt that is learned (CoOp), and the model it is for.
class LearnedPrompt {
 public:
  /// Reads the weights. threads: 0 for all cores this process may use.
  LearnedPrompt(const clip::AnyConfig& config, const std::string& weights, const std::string& state_dict, int threads,
                const Tokenizer& tokenizer, const std::vector<std::string>& classes,
                const clip::PromptOptions& options);
  ~LearnedPrompt();

  clip::Index context() const;
  void train(clip::LabelledFeatures<float> data, const clip::TrainOptionsOf<clip::SgdOptions>& options,
             const std::function<void(const clip::TrainProgress&)>& progress);
  Classifier classifier() const;
  void save(const std::string& path) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tool
