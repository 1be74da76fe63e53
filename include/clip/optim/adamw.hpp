// clip/optim/adamw.hpp: Adam with decoupled weight decay (Loshchilov & Hutter 2019).
#pragma once

#include <clip/autograd/parameters.hpp>
#include <clip/optim/decay.hpp>
#include <clip/optim/step_guard.hpp>
#include <clip/optim/update.hpp>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

template <Backend B>
class AdamW;

/// open_clip's defaults for vision transformers.
struct AdamwOptions {
  template <Backend B>
  using Optimizer = AdamW<B>;

  float learning_rate = 5e-4f;
  float beta1 = 0.9f;
  float beta2 = 0.98f;
  float epsilon = 1e-6f;
  float weight_decay = 0.2f;
  DecayRule decays = decay_matrices;

  /// The default options of a Trainer.
  static AdamwOptions for_training() { return {.learning_rate = 1e-3f}; }
  /// The numbers that must not change between a checkpoint and the run that resumes from it.
  std::vector<std::pair<std::string, double>> facts() const {
    return {{"learning_rate", learning_rate},
            {"beta1", beta1},
            {"beta2", beta2},
            {"epsilon", epsilon},
            {"weight_decay", weight_decay}};
  }
};

/// m ← β1 m + (1-β1) g;  v ← β2 v + (1-β2) g²;  p ← (1 - lr wd) p - lr m̂ / (√v̂ + ε), then p is clamped to its range.
/// Parameters without a gradient since the last step do not change.
template <Backend B>
class AdamW {
 public:
  explicit AdamW(Parameters<B>& parameters, AdamwOptions options_ = {})
      : options{options_}, parameters_{&parameters}, m_{&parameters.state("exp_avg")}, v_{&parameters.state(
                                                                                           "exp_avg_sq")} {
    const auto within = [](const char* what, float value, float low, float high) {
      if (!(value >= low && value < high))
        raise(
            OptionError{"adamw", what, "from " + detail::in_words(low) + " to below " + detail::in_words(high), value});
    };
    within("learning_rate", options.learning_rate, 0, 1e6f);
    within("beta1", options.beta1, 0, 1);
    within("beta2", options.beta2, 0, 1);
    within("epsilon", options.epsilon, 0, 1);
    within("weight_decay", options.weight_decay, 0, 1e6f);
  }

  /// May be changed between steps, for example by a schedule.
  AdamwOptions options;

  /// Takes one step with the gradients of the table, and clears them.
  void step() { update(nullptr); }
  /// The same with gradients clipped as the guard has measured them. Where its numbers are not finite nothing changes
  /// but the number of steps and the gradients, which are cleared.
  void step(const StepGuard<B>& guard) { update(guard.numbers()); }

  /// Number of steps taken. With the states of the table, this is everything needed to resume.
  Index steps() const { return steps_; }
  void set_steps(Index steps) { steps_ = steps; }

 private:
  using T = typename B::Scalar;

  void update(const StepNumbers* numbers) {
    const double t = static_cast<double>(steps_ + 1);
    const auto table = updates_(*parameters_, [&](const Trainable<T>& e, WeightUpdate<T>& update) {
      update.first = m_->of(e);
      update.second = v_->of(e);
      update.weight_decay = options.decays(e.name, e.shape) ? static_cast<double>(options.weight_decay) : 0.0;
    });
    parameters_->backend().adamw(table,
                                 AdamwStep{options.learning_rate, options.beta1, options.beta2, options.epsilon,
                                           1 - std::pow(static_cast<double>(options.beta1), t),
                                           1 - std::pow(static_cast<double>(options.beta2), t)},
                                 numbers);
    parameters_->clear_gradients();
    ++steps_;
  }

  Parameters<B>* parameters_;
  typename Parameters<B>::State* m_;
  typename Parameters<B>::State* v_;
  Updates<B> updates_;
  Index steps_ = 0;
};

template <Backend B>
AdamW(Parameters<B>&) -> AdamW<B>;
template <Backend B>
AdamW(Parameters<B>&, AdamwOptions) -> AdamW<B>;

}  // namespace clip::inline CLIP_ABI
