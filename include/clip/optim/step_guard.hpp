// clip/optim/step_guard.hpp: loss, gradient norm and clipping factor of a step, in the memory of the backend.
#pragma once

#include <clip/autograd/parameters.hpp>
#include <clip/optim/update.hpp>

#include <limits>

namespace clip::inline CLIP_ABI {

/// Lets an update depend on the loss and the gradient norm without a wait for either: a device runs from the forward
/// pass to the update while the host goes on.
///   guard.measure(loss.view, 1.0);
///   optimizer.step(guard);                     // clips gradients; changes nothing where a number is not finite
///   const StepNumbers numbers = guard.read();  // waits
template <Backend B>
class StepGuard {
 public:
  using T = typename B::Scalar;

  /// The table must outlive the guard.
  explicit StepGuard(Parameters<B>& parameters)
      : parameters_{&parameters}, memory_{parameters.backend(), static_cast<Index>(sizeof(StepNumbers) / sizeof(T))} {}

  /// Measures the gradients that backward has computed. loss : (1, 1), or absent; most: the largest norm that an update
  /// leaves, as PyTorch's clip_grad_norm_. OptionError: not above 0.
  void measure(In<T> loss, double most = std::numeric_limits<double>::infinity()) {
    if (!(most > 0)) raise(OptionError{"clip_gradient_norm", "largest norm", "above 0", most});
    const auto table = gradients_(*parameters_, [](const Trainable<T>&, WeightUpdate<T>&) {});
    parameters_->backend().measure(table, loss, most, numbers_in(memory_));
  }

  /// What was measured, on the host.
  StepNumbers read() { return parameters_->backend().read(numbers()); }
  /// The same in the backend's memory.
  const StepNumbers* numbers() const { return numbers_in(memory_); }

 private:
  static StepNumbers* numbers_in(const Buffer<B>& memory) { return reinterpret_cast<StepNumbers*>(memory.data()); }

  Parameters<B>* parameters_;
  Buffer<B> memory_;
  Updates<B> gradients_;
};

}  // namespace clip::inline CLIP_ABI
