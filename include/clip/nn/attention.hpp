// clip/nn/attention.hpp: multi-head attention with stacked input projections, as in the published checkpoints.
#pragma once

#include <clip/config/block.hpp>
#include <clip/nn/linear.hpp>
#include <clip/ops/query_attention.hpp>

namespace clip::inline CLIP_ABI {

/// y = residual + out_proj(softmax(q kᵀ/√d) v), (q, k, v) = in_proj(x).        x, y : (rows, width)
/// in_proj_weight : (3 inner, width), rows of q, then k, then v; head h uses columns h·d … (h+1)·d - 1 of each, with
/// d = inner / heads. `inner` is the width of q, k and v: that of the residual stream, or another (BlockConfig::inner).
template <Backend B, BlockConfig C>
struct MultiheadAttention {
  using T = typename B::Scalar;
  static constexpr Index inner = C.attention_width();
  static constexpr Index stacked = sized([](Index w) { return 3 * w; }, inner);
  static constexpr Index key_value = sized([](Index w) { return 2 * w; }, inner);

  [[no_unique_address]] Known<C> config;
  Parameter<T> in_proj_weight{{3 * config->attention_width(), config->width}, xavier(*config), Use::linear};
  Parameter<T> in_proj_bias{{3 * config->attention_width()}, Init::zeros()};
  Linear<B, inner, C.width> out_proj{config->attention_width(), config->width};

  constexpr MultiheadAttention(Known<C> config_ = {}) : config{config_} { out_proj.bias.init = Init::zeros(); }

  static constexpr void members(auto& self, auto&& visit) {
    visit("in_proj_weight", self.in_proj_weight);
    visit("in_proj_bias", self.in_proj_bias);
    visit("out_proj", self.out_proj);
  }

  /// Attention for every row. `residual` : (rows, width) is rows, onto(rows), which may be overwritten with the sum, or
  /// absent.
  template <class Cx, Index W>
  Rows<Cx, C.width> operator()(Cx& cx, Rows<Cx, W> x, auto residual, const Sequences& sequences) const {
    static_assert(compatible(W, C.width), "attention: input width differs from the layer's");
    const auto qkv =
        linear(cx, x, Size<stacked>{3 * config->attention_width()}, in_proj_weight, in_proj_bias);  // (rows, 3 * inner)
    return out_proj.added_to(cx, residual,
                             attention(cx, qkv, Size<inner>{config->attention_width()}, sequences, pattern()));
  }

  /// Attention for the pooled rows only: `picked` are these rows of x, `residual` these rows of the residual
  /// stream; all of them and the result : (pooled, width). Inference computes the one query of an image directly on x,
  /// without keys and values; this saves nothing below a width of about 64.
  template <class Cx, Index W>
  Rows<Cx, C.width> pooled(Cx& cx, Rows<Cx, W> x, Rows<Cx, W> picked, auto residual, const Sequences& sequences) const {
    static_assert(compatible(W, C.width), "attention: input width differs from the layer's");
    return out_proj.added_to(cx, residual, attended(cx, queries(cx, picked), x, sequences));
  }

  /// The queries of rows: (rows, inner)
  template <class Cx, Index W>
  Rows<Cx, inner> queries(Cx& cx, Rows<Cx, W> rows) const {
    const Index w = config->attention_width();
    return linear(cx, rows, Size<inner>{w}, slice(in_proj_weight, 0, w), slice(in_proj_bias, 0, w));
  }

  /// softmax(q kᵀ/√d) v, before out_proj: the queries of the pooled rows over the keys and values of all rows x.
  ///   q, result : (pooled, inner), x : (rows, width)
  template <class Cx, Index W>
  Rows<Cx, inner> attended(Cx& cx, Rows<Cx, inner> q, Rows<Cx, W> x, const Sequences& sequences) const {
    const Index w = config->attention_width();
    if constexpr (!Cx::recording)
      if (!config->causal && sequences.uniform())
        return query_attention(cx, q, x, slice(in_proj_weight, w, w), slice(in_proj_weight, 2 * w, w),
                               slice(in_proj_bias, 2 * w, w), config->heads);
    return attended_by_rows(cx, q, x, sequences);
  }

  /// The same with keys and values of all rows, whatever the lengths of the sequences: a sequence alone has the bits that
  /// it has among longer ones.
  template <class Cx, Index W>
  Rows<Cx, inner> attended_by_rows(Cx& cx, Rows<Cx, inner> q, Rows<Cx, W> x, const Sequences& sequences) const {
    const Index w = config->attention_width();
    const auto kv = linear(cx, x, Size<key_value>{2 * w}, slice(in_proj_weight, w, 2 * w),
                           slice(in_proj_bias, w, 2 * w));  // (rows, 2 * inner)
    return pooled_attention(cx, q, kv, sequences, pattern());
  }

 private:
  /// Xavier: uniform within √(6 / (rows + columns)).
  static constexpr Init xavier(const BlockConfig& c) {
    if (c.attention_width() == c.width) return Init::uniform(inverse_root(c.width) * 1.2247448713915890);  // √(6 / 4W)
    return Init::uniform(inverse_root(3 * c.attention_width() + c.width) * 2.449489742783178);
  }
  AttentionPattern pattern() const { return {.heads = config->heads, .causal = config->causal}; }
};

}  // namespace clip::inline CLIP_ABI
