// clip/model/count.hpp: number of weights of a configuration, computed without allocating them.
#pragma once

#include <clip/autograd/walk.hpp>
#include <clip/backend/cpu.hpp>
#include <clip/model/any_config.hpp>
#include <clip/nn/residual_block.hpp>
#include <clip/tower/tower.hpp>

#include <type_traits>
#include <variant>

namespace clip::inline CLIP_ABI {

/// Values in the weights of each tower; statistics of a BatchNorm are none.
struct ParameterCount {
  Index image, text;
  Index similarity = 1;  // logit_scale; 2 with logit_bias
  constexpr Index total() const { return image + text + similarity; }
};

/// The values in the weights of a model with this configuration.
template <class F>
ParameterCount count_parameters(const AnyConfigOf<F>& c) {
  const auto of = [&](const auto& config) {
    using Config = std::remove_cvref_t<decltype(config)>;
    return count_parameters(TowerOf<Tower<Config>::dynamic, dyn, Cpu<float>, Residual>{config, c.embed_dim});
  };
  return {std::visit(of, c.image), std::visit(of, c.text), c.logit_bias ? 2 : 1};
}

}  // namespace clip::inline CLIP_ABI
