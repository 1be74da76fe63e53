// clip/optim/clip_norm.hpp: gradient norm clipping in loops that wait for the norm.
#pragma once

#include <clip/autograd/parameters.hpp>
#include <clip/optim/step_guard.hpp>

namespace clip::inline CLIP_ABI {

/// √ Σ g² over all gradients of the table that backward has computed.
template <Backend B>
double gradient_norm(Parameters<B>& parameters) {
  StepGuard<B> guard{parameters};
  guard.measure({});
  return guard.read().norm;
}

/// Scales all gradients so that their joint norm is at most `most` (as PyTorch's clip_grad_norm_). Returns the norm
/// before scaling. A StepGuard has the same effect on the update, and nothing waits.
template <Backend B>
double clip_gradient_norm(Parameters<B>& parameters, double most) {
  StepGuard<B> guard{parameters};
  guard.measure({}, most);
  const StepNumbers numbers = guard.read();
  if (numbers.factor < 1)
    for (auto& e : parameters.entries())
      if (!e.fresh) parameters.backend().blend(numbers.factor, 0, e.gradient, e.gradient);
  return numbers.norm;
}

}  // namespace clip::inline CLIP_ABI
