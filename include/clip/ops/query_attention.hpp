// clip/ops/query_attention.hpp: attention of one query per sequence without keys and values, for inference.
#pragma once

#include <clip/backend/fusing.hpp>
#include <clip/ops/attention.hpp>
#include <clip/ops/linear.hpp>

#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

/// Attention over sequences of equal length with one query each, whose keys k = x Wkᵀ and values v = x Wvᵀ + b are
/// linear maps of their rows: neither is computed. With u = q_h Wk_h / √d the scores are u · x_j, and
///   y_h = (Σ_j softmax_j(u · x_j) x_j) Wv_hᵀ + b_h.
/// (A bias of the keys would add the same number to all scores of a head.) In two steps; this one is the sum over j.
///   q : (n, W), x : (n t, K), key_weight : (W, K), mean : (n, heads · K)
/// Naive: backend/naive/query_attention.hpp
struct QueryAttentionOp {
  static constexpr std::string_view name = "query_attention";
  Index heads;

  template <class T>
  void forward(auto& b, In<T> q, In<T> x, Weights<T> key_weight, Out<T> mean, Saved<T>) const {
    b.query_attention(q, x, key_weight, heads, mean);
  }
};

/// The second step, head by head: y_h = mean_h Wv_hᵀ + b_h          y : (n, W)
/// Naive: backend/naive/products.hpp
struct HeadValuesOp {
  static constexpr std::string_view name = "head_values";
  Index heads;

  template <class T>
  void forward(auto& b, In<T> mean, Weights<T> w, In<T> bias, Out<T> y, Saved<T>) const {
    const Index d = y.cols / heads, k = mean.cols / heads;
    for (Index h = 0; h < heads; ++h) {
      const Weights<T> part =
          w.layout == Layout::rows ? Weights<T>{w.middle_rows(h * d, d)} : Weights<T>{w, w.layout, w.first + h * d};
      b.linear(mean.middle_cols(h * k, k), part, Epilogue<T>{.bias = bias.middle_cols(h * d, d)},
               y.middle_cols(h * d, d));
    }
  }
};

/// One query per sequence: row i of q belongs to rows i · t … (i + 1) · t - 1 of x. Weights : (W, K), value_bias : (W),
/// each a Parameter or a slice of one. Inference only. A backend without the fused form computes keys and values.
template <class Cx, Index W, Index K, class Weight, class Bias>
Rows<Cx, W> query_attention(Cx& cx, Rows<Cx, W> q, Rows<Cx, K> x, const Weight& key_weight, const Weight& value_weight,
                            const Bias& value_bias, Index heads) {
  if (q.rows() == 0 ? x.rows() > 0 : x.rows() % q.rows() != 0)
    raise(ShapeError{"query_attention", "rows", "a multiple of " + std::to_string(q.rows()), x.rows()});
  if (q.cols() % heads != 0)
    raise(ShapeError{"query_attention", "width", "a multiple of " + std::to_string(heads), q.cols()});
  const Size<W> width{q.cols()};
  if constexpr (FusingBackend<BackendOf<Cx>>) {
    const auto mean = cx.apply(QueryAttentionOp{heads}, q.rows(), Size<dyn>{heads * x.cols()}, q, x, key_weight);
    return cx.apply(HeadValuesOp{heads}, q.rows(), width, mean, value_weight, value_bias);
  } else {
    Sequences& sequences = cx.template keep<Sequences>();
    sequences.assign_uniform(q.rows(), q.rows() == 0 ? 0 : x.rows() / q.rows());
    const auto k = linear(cx, x, width, key_weight, absent), v = linear(cx, x, width, value_weight, value_bias);
    return pooled_attention(cx, q, k, v, sequences, {.heads = heads});
  }
}

}  // namespace clip::inline CLIP_ABI
