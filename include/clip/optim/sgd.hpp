// clip/optim/sgd.hpp: stochastic gradient descent with momentum (PyTorch's formula).
#pragma once

#include <clip/autograd/parameters.hpp>
#include <clip/optim/decay.hpp>
#include <clip/optim/step_guard.hpp>
#include <clip/optim/update.hpp>

#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

template <Backend B>
class Sgd;

/// CoOp's defaults.
struct SgdOptions {
  template <Backend B>
  using Optimizer = Sgd<B>;

  float learning_rate = 2e-3f;
  float momentum = 0.9f;
  float weight_decay = 5e-4f;
  DecayRule decays = decay_all;

  /// See AdamwOptions.
  static SgdOptions for_training() { return {}; }
  std::vector<std::pair<std::string, double>> facts() const {
    return {{"learning_rate", learning_rate}, {"momentum", momentum}, {"weight_decay", weight_decay}};
  }
};

/// g ← g + wd p;  v ← μ v + g (first step: v = g);  p ← p - lr v, then p is clamped to its range.
/// Parameters without a gradient since the last step do not change.
template <Backend B>
class Sgd {
 public:
  explicit Sgd(Parameters<B>& parameters, SgdOptions options_ = {})
      : options{options_}, parameters_{&parameters}, velocity_{&parameters.state("momentum")} {
    if (!(options.learning_rate >= 0)) raise(OptionError{"sgd", "learning_rate", "0 or more", options.learning_rate});
    if (!(options.momentum >= 0 && options.momentum < 1))
      raise(OptionError{"sgd", "momentum", "from 0 to below 1", options.momentum});
    if (!(options.weight_decay >= 0)) raise(OptionError{"sgd", "weight_decay", "0 or more", options.weight_decay});
  }

  SgdOptions options;

  void step() { update(nullptr); }
  /// See AdamW.
  void step(const StepGuard<B>& guard) { update(guard.numbers()); }

  Index steps() const { return steps_; }
  void set_steps(Index steps) { steps_ = steps; }

 private:
  using T = typename B::Scalar;

  void update(const StepNumbers* numbers) {
    const auto table = updates_(*parameters_, [&](const Trainable<T>& e, WeightUpdate<T>& update) {
      update.first = velocity_->of(e);
      update.weight_decay = options.decays(e.name, e.shape) ? static_cast<double>(options.weight_decay) : 0.0;
    });
    parameters_->backend().sgd(table, SgdStep{options.learning_rate, options.momentum, steps_ == 0}, numbers);
    parameters_->clear_gradients();
    ++steps_;
  }

  Parameters<B>* parameters_;
  typename Parameters<B>::State* velocity_;
  Updates<B> updates_;
  Index steps_ = 0;
};

template <Backend B>
Sgd(Parameters<B>&) -> Sgd<B>;
template <Backend B>
Sgd(Parameters<B>&, SgdOptions) -> Sgd<B>;

}  // namespace clip::inline CLIP_ABI
