// Random weights for benchmarks: the scale of a fresh model, filled in quickly.
#pragma once

#include <clip/autograd/walk.hpp>
#include <clip/core/rng.hpp>

#include <array>
#include <cmath>
#include <cstddef>

namespace tool {

/// clip::initialise draws every value and takes seconds for a large model; this function repeats a few thousand values.
template <class M>
void randomise_weights(M& model) {
  clip::Rng rng{1};
  std::array<float, 4099> some{};  // a prime, so that rows differ
  for (float& x : some) x = static_cast<float>(rng.normal());
  for (const auto& [name, parameter] : clip::named_parameters<float>(model)) {
    auto& p = *parameter;
    const bool constant = p.init.rule == clip::Init::Rule::constant;
    const auto scale =
        static_cast<float>(p.init.rule == clip::Init::Rule::uniform ? p.init.scale / std::sqrt(3.0) : p.init.scale);
    const auto y = p.own_memory();
    std::size_t at = 0;
    for (clip::Index i = 0; i < y.rows; ++i)
      for (clip::Index j = 0; j < y.cols; ++j, at = at + 1 == some.size() ? 0 : at + 1)
        y(i, j) = constant ? scale : scale * some[at];
  }
}

}  // namespace tool
