// clip/optim/decay.hpp: rules that select the weights subject to weight decay.
#pragma once

#include <clip/core/view.hpp>

#include <string_view>

namespace clip::inline CLIP_ABI {

/// True if weight decay applies to a parameter of this name and shape.
using DecayRule = bool (*)(std::string_view name, const Shape& shape);

/// open_clip's groups: weight decay applies to matrices and tables, but not to vectors, scalars, or any parameter named
/// after a norm, a bias or the temperature.
inline bool decay_matrices(std::string_view name, const Shape& shape) {
  if (shape.rank < 2) return false;
  for (std::string_view part : {"bn", "ln", "bias", "logit_scale"})
    if (name.find(part) != std::string_view::npos) return false;
  return true;
}

inline bool decay_all(std::string_view, const Shape&) { return true; }

}  // namespace clip::inline CLIP_ABI
