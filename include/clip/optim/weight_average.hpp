// clip/optim/weight_average.hpp: exponential moving average (EMA) of the trained weights.
#pragma once

#include <clip/autograd/parameters.hpp>
#include <clip/tensor/buffer.hpp>

#include <algorithm>

namespace clip::inline CLIP_ABI {

/// a ← decay a + (1 - decay) p after every step, a = p at first (Polyak & Juditsky 1992), for every parameter of a table
/// and the running statistics of batch norms, as timm's ModelEmaV2; counters of batches are copied. The average is a state
/// of the table, "ema", and so part of a run's checkpoint.
///   WeightAverage average{parameters, 0.999};
///   average.update();                                                // after every optimizer.step()
///   average.with([&] { scores = evaluate(model); });                 // the model has the averages meanwhile
template <Backend B>
class WeightAverage {
 public:
  /// OptionError: a decay outside (0, 1).
  WeightAverage(Parameters<B>& parameters, double decay)
      : parameters_{&parameters}, decay_{checked(decay)}, average_{&parameters.state("ema", true)} {
    each([&](auto& e, View<T> average) { copy(View<const T>{e.value}, average); });
  }

  double decay() const { return decay_; }

  /// To be called once after every step of the optimiser.
  void update() {
    each([&](auto& e, View<T> average) {
      if (counts(e)) copy(View<const T>{e.value}, average);
      else parameters_->backend().blend(decay_, 1 - decay_, View<const T>{e.value}, average);
    });
  }

  /// Calls f() while the model has the averages; its own weights come back, with their bits, however f ends.
  template <class F>
  void with(F&& f) {
    const Exchanged exchanged{*this};
    f();
  }

 private:
  using T = typename B::Scalar;

  /// The model has the averages while this lives.
  struct Exchanged {
    explicit Exchanged(WeightAverage& of_) : of{of_} { of.exchange(); }
    Exchanged(const Exchanged&) = delete;
    ~Exchanged() { of.exchange(); }
    WeightAverage& of;
  };

  static double checked(double decay) {
    if (!(decay > 0 && decay < 1)) raise(OptionError{"weight_average", "decay", "above 0, below 1", decay});
    return decay;
  }

  template <class F>
  void each(F f) {
    for (auto& e : parameters_->entries()) f(e, average_->of(e));
    for (auto& e : parameters_->statistics()) f(e, average_->of(e));
  }

  /// Only a counter has no extents and no gradient.
  static bool counts(const Trainable<T>& e) { return !e.gradient && e.shape.rank == 0; }

  void copy(View<const T> from, View<T> to) { parameters_->backend().add(from, Acc<T>{to, true}); }

  /// Swaps weights and averages.
  void exchange() {
    Index most = 0;
    each([&](auto& e, View<T>) { most = std::max(most, e.value.count()); });
    if (!spare_.data()) spare_ = Buffer<B>{parameters_->backend(), most};
    each([&](auto& e, View<T> average) {
      const View<T> spare{spare_.data(), e.value.rows, e.value.cols};
      copy(View<const T>{e.value}, spare);
      copy(View<const T>{average}, e.value);
      copy(View<const T>{spare}, average);
    });
  }

  Parameters<B>* parameters_;
  double decay_;
  typename Parameters<B>::State* average_;
  Buffer<B> spare_{};
};

template <Backend B>
WeightAverage(Parameters<B>&, double) -> WeightAverage<B>;

}  // namespace clip::inline CLIP_ABI
