// clip/model/count.hpp: how many weights a configuration means, without any memory for them.
#pragma once

#include <clip/autograd/walk.hpp>
#include <clip/backend/cpu.hpp>
#include <clip/config/any.hpp>
#include <clip/config/openai.hpp>
#include <clip/config/openai_resnet.hpp>
#include <clip/encoder/tower.hpp>

#include <type_traits>

namespace clip::inline CLIP_ABI {

/// Trained values of each tower; the statistics of BatchNorm are none.
struct ParameterCount {
  Index image, text;
  /// Both, and logit_scale.
  constexpr Index total() const { return image + text + 1; }
};

inline ParameterCount count_parameters(const AnyConfig& c) {
  const auto of = [&]<auto Dynamic>(const auto& tower) {
    return count_parameters(TowerOf<Dynamic, dyn, Cpu<float>, Residual>{tower, c.embed_dim});
  };
  return {c.visit([&](const auto& config) {
            if constexpr (std::is_same_v<decltype(config.image), VitConfig>)
              return of.template operator()<DynamicVit.image>(config.image);
            else return of.template operator()<DynamicResNet.image>(config.image);
          }),
          of.template operator()<DynamicVit.text>(c.text)};
}

}  // namespace clip::inline CLIP_ABI
