// clip/nn/attention_pool.hpp: attention pooling with the mean of the pixels as query (Radford et al. 2021 §2.4).
#pragma once

#include <clip/nn/linear.hpp>
#include <clip/ops/query_attention.hpp>
#include <clip/ops/tables.hpp>
#include <clip/ops/tokens.hpp>

namespace clip::inline CLIP_ABI {

/// rows = [mean of the pixels; pixels] + positional_embedding,   y = c_proj(softmax(q kᵀ/√d) v), q only for row 0.
///   x : (images · (tokens - 1), Width), positional_embedding : (tokens, Width), y : (images, Out)
template <Backend B, Index Width, Index Out>
struct AttentionPool {
  using T = typename B::Scalar;
  [[no_unique_address]] Size<Width> width{};
  [[no_unique_address]] Size<Out> out{};
  Index heads;
  Parameter<T> positional_embedding;
  Linear<B, Width, Width> q_proj{width, width};
  Linear<B, Width, Width> k_proj{width, width};
  Linear<B, Width, Width> v_proj{width, width};
  Linear<B, Width, Out> c_proj{width, out};

  constexpr AttentionPool(Size<Width> width_, Size<Out> out_, Index tokens, Index heads_)
      : width{width_}, out{out_}, heads{heads_}, positional_embedding{{tokens, width},
                                                                      Init::normal(inverse_root(width))} {
    q_proj.weight.init = k_proj.weight.init = v_proj.weight.init = c_proj.weight.init =
        Init::normal(inverse_root(width));
  }

  static constexpr void members(auto& self, auto&& visit) {
    visit("positional_embedding", self.positional_embedding);
    visit("q_proj", self.q_proj);
    visit("k_proj", self.k_proj);
    visit("v_proj", self.v_proj);
    visit("c_proj", self.c_proj);
  }

  template <class Cx, Index W>
  Rows<Cx, Out> operator()(Cx& cx, Rows<Cx, W> x) const {
    static_assert(compatible(W, Width), "attention_pool: input width differs from the layer's");
    const Index tokens = positional_embedding.shape[0];
    Sequences& sequences = cx.template keep<Sequences>();
    sequences.assign_uniform(x.rows() / (tokens - 1), tokens);
    const auto rows = mean_token(cx, Rows<Cx, Width>{x}, positional_embedding);  // (images · tokens, width)
    const auto q = q_proj(cx, gather(cx, rows, sequences.pooled()));             // (images, width)
    if constexpr (!Cx::recording)
      return c_proj(cx, query_attention(cx, q, rows, k_proj.weight, v_proj.weight, v_proj.bias, heads));
    else return c_proj(cx, pooled_attention(cx, q, k_proj(cx, rows), v_proj(cx, rows), sequences, {.heads = heads}));
  }
};

}  // namespace clip::inline CLIP_ABI
