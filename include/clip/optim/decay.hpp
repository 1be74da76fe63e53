// clip/optim/decay.hpp: which weights decay.
#pragma once

#include <clip/core/view.hpp>

#include <string_view>

namespace clip::inline CLIP_ABI {

/// Says whether a parameter of this name and shape decays.
using DecayRule = bool (*)(std::string_view name, const Shape& shape);

/// open_clip's groups: matrices and tables decay; vectors and scalars, and whatever is named after a norm, a bias or the
/// temperature, do not.
inline bool decay_matrices(std::string_view name, const Shape& shape) {
  if (shape.rank < 2) return false;
  for (std::string_view part : {"bn", "ln", "bias", "logit_scale"})
    if (name.find(part) != std::string_view::npos) return false;
  return true;
}

inline bool decay_all(std::string_view, const Shape&) { return true; }

}  // namespace clip::inline CLIP_ABI
