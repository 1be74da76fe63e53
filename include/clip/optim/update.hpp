// clip/optim/update.hpp: the loop over parameters that all optimisers share.
#pragma once

#include <clip/autograd/parameters.hpp>

#include <cmath>
#include <utility>

namespace clip::inline CLIP_ABI {

/// Calls update(entry, weight decay of the entry) for every parameter that has a gradient, clamps the parameter to its
/// range, and finally clears all gradients. `Options` has the members `decays` and `weight_decay`.
template <Backend B, class Options, class F>
void update_each(Parameters<B>& parameters, const Options& options, F&& update) {
  for (auto& e : parameters.entries()) {
    if (e.fresh) continue;
    update(std::as_const(e), options.decays(e.name, e.shape) ? static_cast<double>(options.weight_decay) : 0.0);
    if (std::isfinite(e.range.low) || std::isfinite(e.range.high))
      parameters.backend().clamp(e.value, e.range.low, e.range.high);
  }
  parameters.clear_gradients();
}

}  // namespace clip::inline CLIP_ABI
