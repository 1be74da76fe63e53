// clip/optim/clip_norm.hpp: gradient norm clipping.
#pragma once

#include <clip/autograd/parameters.hpp>

#include <cmath>

namespace clip::inline CLIP_ABI {

/// √ Σ g² over all gradients of the table that backward has computed.
template <Backend B>
double gradient_norm(Parameters<B>& parameters) {
  double squares = 0;
  for (const auto& e : parameters.entries())
    if (!e.fresh) squares += parameters.backend().sum_of_squares(View<const typename B::Scalar>{e.gradient});
  return std::sqrt(squares);
}

/// Scales all gradients so that their joint norm is at most `most` (as PyTorch's clip_grad_norm_). Returns the norm
/// before scaling.
template <Backend B>
double clip_gradient_norm(Parameters<B>& parameters, double most) {
  if (!(most > 0)) raise(OptionError{"clip_gradient_norm", "largest norm", "above 0", most});
  const double norm = gradient_norm(parameters);
  const double factor = most / (norm + 1e-6);
  if (factor < 1)
    for (auto& e : parameters.entries())
      if (!e.fresh) parameters.backend().blend(factor, 0, e.gradient, e.gradient);
  return norm;
}

}  // namespace clip::inline CLIP_ABI
