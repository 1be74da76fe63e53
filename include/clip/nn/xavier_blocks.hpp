// clip/nn/xavier_blocks.hpp: Xavier initial weights of residual blocks, as big_vision and SigLIP have them.
#pragma once

#include <clip/autograd/walk.hpp>
#include <clip/tensor/parameter.hpp>

#include <string_view>

namespace clip::inline CLIP_ABI {

/// Sets the initial distributions of every attention and MLP of a module (Glorot & Bengio 2010). U(r) is uniform
/// within ±r, N(σ) normal, W the width, M the MLP's:
///   attn.in_proj_weight, attn.out_proj.weight        U(√(6 / 2 W)): q, k and v are matrices of their own
///   mlp.c_fc.weight, mlp.c_proj.weight               U(√(6 / (W + M)))
///   mlp.c_fc.bias, mlp.c_proj.bias                   N(10⁻⁶)
template <class T>
constexpr void initialise_by_xavier(auto& blocks) {
  constexpr double root_of_six = 2.449489742783178;
  visit_parameters(blocks, [](std::string_view name, Parameter<T>& p) {
    const bool mlp = name.find("mlp.c_fc.") != name.npos || name.find("mlp.c_proj.") != name.npos;
    if (mlp && name.ends_with(".bias")) p.init = Init::normal(1e-6);
    else if (mlp) p.init = Init::uniform(root_of_six * inverse_root(p.shape.rows() + p.shape.cols()));
    else if (name.ends_with("attn.in_proj_weight") || name.ends_with("attn.out_proj.weight"))
      p.init = Init::uniform(root_of_six * inverse_root(2 * p.shape.cols()));
  });
}

}  // namespace clip::inline CLIP_ABI
