// clip/nn/probe_pool.hpp: attention pooling with a learned query, the "MAP head" (Zhai et al. 2022 §3.3).
#pragma once

#include <clip/config/block.hpp>
#include <clip/nn/attention.hpp>
#include <clip/nn/layer_norm.hpp>
#include <clip/nn/mlp.hpp>
#include <clip/ops/tables.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace clip::inline CLIP_ABI {

/// One vector per sequence, whose query `probe` is learned and the same for all:
///   y = out_proj(softmax(q kᵀ/√d) v),   q from probe, k and v from x;   result = y + mlp(ln(y))
///   x : (rows, width), probe : (1, 1, width), result : (sequences, width)
/// The sizes of C are those of a residual block. After Set Transformer's pooling (Lee et al. 2019 §3.2).
template <Backend B, BlockConfig C>
struct ProbePool {
  using T = typename B::Scalar;
  [[no_unique_address]] Known<C> config;
  Parameter<T> probe{{1, 1, config->width}, Init::uniform(inverse_root(config->width) * 1.7320508075688772)};  // √(6/2W)
  MultiheadAttention<B, C> attn{config};
  LayerNorm<B, C.width> ln{config->width, config->epsilon};
  Mlp<B, C> mlp{config};

  constexpr ProbePool(Known<C> config_ = {}) : config{config_} {}

  static constexpr void members(auto& self, auto&& visit) {
    visit("probe", self.probe);
    visit("attn", self.attn);
    visit("ln", self.ln);
    visit("mlp", self.mlp);
  }

  /// `sequences`: every one has one pooled row, which row does not matter.
  template <class Cx, Index W>
  Rows<Cx, C.width> operator()(Cx& cx, Rows<Cx, W> x, const Sequences& sequences) const {
    static_assert(compatible(W, C.width), "probe_pool: input width differs from the layer's");
    auto& first = cx.template keep<std::vector<std::int32_t>>();  // row 0, once per sequence
    first.assign(static_cast<std::size_t>(sequences.count()), 0);
    const Rows<Cx, C.width> row =
        cx.apply(GatherOp{Ids{first}.first(1)}, 1, Size<C.width>{config->width}, probe);  // (1, width)
    const auto q = gather(cx, attn.queries(cx, row), Ids{first});                         // (sequences, inner)
    const Rows<Cx, C.width> y = attn.out_proj(cx, attn.attended(cx, q, x, sequences));    // (sequences, width)
    return mlp.pre_norm(cx, ln, y);
  }
};

}  // namespace clip::inline CLIP_ABI
