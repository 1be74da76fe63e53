// clip/ops/attention.hpp: multi-head attention over the sequences of a batch (Vaswani et al. 2017).
#pragma once

#include <clip/autograd/context.hpp>
#include <clip/backend/concept.hpp>

#include <string_view>

namespace clip::inline CLIP_ABI {

/// y = softmax(q kᵀ/√d) v per head, for every row.          qkv : (rows, 3 W) = (q, k, v), y : (rows, W)
/// saved : (rows, heads) = log Σ exp. `sequences` is in host memory and outlives the tape.
/// Naive: backend/naive/attention.hpp
struct AttentionOp {
  static constexpr std::string_view name = "attention";
  static constexpr bool wants_output = true;
  AttentionPattern pattern;
  const Sequences* sequences;

  template <class T>
  Extents saved(In<T> qkv) const {
    return {qkv.rows, pattern.heads};
  }
  template <class T>
  void forward(auto& b, In<T> qkv, Out<T> y, Saved<T> saved) const {
    const Index w = y.cols;
    b.attention(qkv.middle_cols(0, w), qkv.middle_cols(w, w), qkv.middle_cols(2 * w, w), *sequences, pattern, y, saved);
  }
  template <class T>
  bool worth_again(In<T>) const {
    return true;
  }
  template <class T>
  void again(auto& b, In<T> qkv, Saved<T> saved, Out<T> y) const {
    forward(b, qkv, y, saved);
  }
  template <class T>
  void backward(auto& b, In<T> qkv, In<T> y, Saved<T> saved, In<T> dy, Acc<T> dqkv) const {
    const Index w = y.cols;
    if (dqkv)
      b.attention_backward(qkv.middle_cols(0, w), qkv.middle_cols(w, w), qkv.middle_cols(2 * w, w), *sequences, pattern,
                           y, In<T>{saved}, dy, dqkv.middle_cols(0, w), dqkv.middle_cols(w, w),
                           dqkv.middle_cols(2 * w, w));
  }
};

/// The same for the pooled rows only: q and y hold those, keys and values every row.
///   q, y : (pooled, W), kv : (rows, 2 W) = (k, v)          Naive: backend/naive/attention.hpp
struct PooledAttentionOp {
  static constexpr std::string_view name = "pooled_attention";
  static constexpr bool wants_output = true;
  AttentionPattern pattern;
  const Sequences* sequences;

  template <class T>
  Extents saved(In<T> q, In<T>) const {
    return {q.rows, pattern.heads};
  }
  template <class T>
  void forward(auto& b, In<T> q, In<T> kv, Out<T> y, Saved<T> saved) const {
    const Index w = y.cols;
    b.attention(q, kv.middle_cols(0, w), kv.middle_cols(w, w), *sequences, pattern, y, saved);
  }
  template <class T>
  void backward(auto& b, In<T> q, In<T> kv, In<T> y, Saved<T> saved, In<T> dy, Acc<T> dq, Acc<T> dkv) const {
    const Index w = y.cols;
    if (dq || dkv)
      b.attention_backward(q, kv.middle_cols(0, w), kv.middle_cols(w, w), *sequences, pattern, y, In<T>{saved}, dy, dq,
                           dkv ? dkv.middle_cols(0, w) : Acc<T>{}, dkv ? dkv.middle_cols(w, w) : Acc<T>{});
  }
};

/// The same with keys and values of their own.          q, y : (pooled, W), k, v : (rows, W)
/// Naive: backend/naive/attention.hpp
struct SeparatePooledAttentionOp {
  static constexpr std::string_view name = "separate_pooled_attention";
  static constexpr bool wants_output = true;
  AttentionPattern pattern;
  const Sequences* sequences;

  template <class T>
  Extents saved(In<T> q, In<T>, In<T>) const {
    return {q.rows, pattern.heads};
  }
  template <class T>
  void forward(auto& b, In<T> q, In<T> k, In<T> v, Out<T> y, Saved<T> saved) const {
    b.attention(q, k, v, *sequences, pattern, y, saved);
  }
  template <class T>
  void backward(auto& b, In<T> q, In<T> k, In<T> v, In<T> y, Saved<T> saved, In<T> dy, Acc<T> dq, Acc<T> dk,
                Acc<T> dv) const {
    if (dq || dk || dv) b.attention_backward(q, k, v, *sequences, pattern, y, In<T>{saved}, dy, dq, dk, dv);
  }
};

template <class Cx, Index W3, Index W>
Rows<Cx, W> attention(Cx& cx, Rows<Cx, W3> qkv, Size<W> width, const Sequences& sequences, AttentionPattern pattern) {
  if (qkv.rows() != sequences.rows()) raise(ShapeError{"attention", "rows", sequences.rows(), qkv.rows()});
  return cx.apply(AttentionOp{pattern, &sequences}, qkv.rows(), width, qkv);
}

namespace detail {
inline void check_pooled(Index queries, Index keys, const Sequences& sequences) {
  const Index pooled = static_cast<Index>(sequences.pooled().size());
  if (queries != pooled || keys != sequences.rows())
    raise(ShapeError{"attention", "pooled rows and rows", Shape{pooled, sequences.rows()}, Shape{queries, keys}});
}
}  // namespace detail

template <class Cx, Index W, Index W2>
Rows<Cx, W> pooled_attention(Cx& cx, Rows<Cx, W> q, Rows<Cx, W2> kv, const Sequences& sequences,
                             AttentionPattern pattern) {
  detail::check_pooled(q.rows(), kv.rows(), sequences);
  pattern.pooled = true;
  return cx.apply(PooledAttentionOp{pattern, &sequences}, q.rows(), Size<W>{q.cols()}, q, kv);
}

/// With keys and values of their own: all three of one width.
template <class Cx, Index W>
Rows<Cx, W> pooled_attention(Cx& cx, Rows<Cx, W> q, Rows<Cx, W> k, Rows<Cx, W> v, const Sequences& sequences,
                             AttentionPattern pattern) {
  detail::check_pooled(q.rows(), k.rows(), sequences);
  if (q.cols() != k.cols() || k.cols() != v.cols() || k.rows() != v.rows())
    raise(ShapeError{"attention", "shape of the values", Shape{k.rows(), q.cols()}, Shape{v.rows(), v.cols()}});
  pattern.pooled = true;
  return cx.apply(SeparatePooledAttentionOp{pattern, &sequences}, q.rows(), Size<W>{q.cols()}, q, k, v);
}

}  // namespace clip::inline CLIP_ABI
