// clip/nn/openai_blocks.hpp: OpenAI's initial weights of the residual blocks of a text tower.
#pragma once

#include <clip/autograd/walk.hpp>
#include <clip/tensor/parameter.hpp>

#include <string_view>

namespace clip::inline CLIP_ABI {

/// Sets OpenAI's initial distributions where they differ from PyTorch's defaults. N(σ) is the normal distribution of
/// mean 0 and standard deviation σ, W the width, L the number of layers:
///   attn.in_proj_weight                              N(W^-½)
///   attn.out_proj.weight, mlp.c_proj.weight          N(W^-½ (2 L)^-½)
///   mlp.c_fc.weight                                  N((2 W)^-½)
template <class T>
constexpr void initialise_by_openai(auto& blocks, Index width, Index layers) {
  visit_parameters(blocks, [&](std::string_view name, Parameter<T>& p) {
    const double deviation = inverse_root(width);
    if (name.ends_with(".attn.in_proj_weight")) p.init = Init::normal(deviation);
    else if (name.ends_with(".attn.out_proj.weight") || name.ends_with(".mlp.c_proj.weight"))
      p.init = Init::normal(deviation * inverse_root(2 * layers));
    else if (name.ends_with(".mlp.c_fc.weight")) p.init = Init::normal(inverse_root(2 * width));
  });
}

}  // namespace clip::inline CLIP_ABI
