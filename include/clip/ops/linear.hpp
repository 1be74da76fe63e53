// clip/ops/linear.hpp: linear maps with fused bias, activation and residual; projections; similarity matrices.
#pragma once

#include <clip/autograd/context.hpp>
#include <clip/backend/arithmetic.hpp>
#include <clip/backend/concept.hpp>

#include <string_view>

namespace clip::inline CLIP_ABI {

/// z = x wᵀ + bias,  y = residual + f(z)          x : (m, k), w : (n, k), bias : (n), residual, y : (m, n)
/// dz = dy f'(z);   dx += dz w,   dw += dzᵀ x,   dbias += Σ rows of dz,   dresidual += dy
/// Naive: backend/naive/products.hpp
template <class F = fn::Identity>
struct LinearOp {
  static constexpr std::string_view name = "linear";
  static constexpr bool plain = std::is_same_v<F, fn::Identity>;

  template <class T>
  Extents saved(In<T> x, Weights<T> w, In<T> bias, In<T>) const {
    return plain ? Extents{} : Extents{x.rows, bias ? bias.cols : w.rows};
  }

  template <class T>
  void forward(auto& b, In<T> x, Weights<T> w, In<T> bias, In<T> residual, Out<T> y, Saved<T> before) const {
    b.linear(x, w, Epilogue<T, F>{bias, F{}, before, residual}, y);
  }

  /// Hidden rows and sums are worth it: rows that a wide product makes are as cheap, but what reads them is not.
  template <class T>
  bool worth_again(In<T>, Weights<T>, In<T>, In<T> residual) const {
    return !plain || residual;
  }
  template <class T>
  void again(auto& b, In<T> x, Weights<T> w, In<T> bias, In<T> residual, Saved<T> before, Out<T> y) const {
    if (y) forward(b, x, w, bias, residual, y, before);
    else b.linear(x, w, Epilogue<T>{.bias = bias}, before);
  }

  /// dx is a function of dy and w, or of z; only dw reads x.
  static constexpr unsigned unread(bool trains_weight) { return trains_weight ? 0b1000u : 0b1001u; }

  /// f(z) + residual, without the product.
  template <class T>
    requires(!plain)
  void recompute(auto& b, In<T>, Weights<T>, In<T>, In<T> residual, Saved<T> before, Out<T> y) const {
    b.map(F{}, In<T>{before}, y);
    if (residual) b.add(residual, Acc<T>{y, false});
  }

  template <class T>
  void backward(auto& b, In<T> x, Weights<T> w, In<T>, In<T>, Saved<T> before, In<T> dy, Acc<T> dx, Acc<T> dw,
                Acc<T> dbias, Acc<T> dresidual) const {
    In<T> dz = dy;
    if constexpr (!plain) {
      b.map_slope(F{}, In<T>{before}, dy, Acc<T>{before, true});  // dz overwrites z, which is dead
      dz = before;
    }
    if (dresidual) b.add(dy, dresidual);
    if (dbias) b.column_sum(dz, dbias);
    if (dw) b.outer(dz, x, dw);
    if (dx) b.project(dz, w, Epilogue<T>{.residual = dx.fresh ? In<T>{} : In<T>{dx}}, dx);
  }
};

/// y = x p          x : (m, k), p : (k, n): OpenAI's `proj` and `text_projection`
/// dx += dy pᵀ,   dp += xᵀ dy          Naive: backend/naive/products.hpp
struct ProjectOp {
  static constexpr std::string_view name = "project";

  template <class T>
  void forward(auto& b, In<T> x, Weights<T> p, Out<T> y, Saved<T>) const {
    b.project(x, p, Epilogue<T>{}, y);
  }

  template <class T>
  void backward(auto& b, In<T> x, Weights<T> p, Saved<T>, In<T> dy, Acc<T> dx, Acc<T> dp) const {
    if (dp) b.outer(x, dy, dp);
    if (dx) b.linear(dy, p, Epilogue<T>{.residual = dx.fresh ? In<T>{} : In<T>{dx}}, dx);
  }
};

/// y = a bᵀ: all similarities of two sets of rows, in full precision, for losses          a : (m, k), b : (n, k)
/// da += dy b,   db += dyᵀ a          Naive: backend/naive/products.hpp
struct MatmulNtOp {
  static constexpr std::string_view name = "matmul_nt";

  template <class T>
  void forward(auto& b, In<T> x, In<T> z, Out<T> y, Saved<T>) const {
    auto&& full = clip::in_full(b);
    full.linear(x, Weights<T>{z}, Epilogue<T>{}, y);
  }

  template <class T>
  void backward(auto& b, In<T> x, In<T> z, Saved<T>, In<T> dy, Acc<T> dx, Acc<T> dz) const {
    auto&& full = clip::in_full(b);
    if (dx) full.project(dy, Weights<T>{z}, Epilogue<T>{.residual = dx.fresh ? In<T>{} : In<T>{dx}}, dx);
    if (dz) full.outer(dy, x, dz);
  }
};

/// residual + f(x wᵀ + bias). `weight` is a Parameter or a slice of one; bias and residual may be `absent`.
template <class F = fn::Identity, class Cx, Index K, Index N, class Weight, class Bias, class Residual = Absent>
Rows<Cx, N> linear(Cx& cx, Rows<Cx, K> x, Size<N> width, const Weight& weight, const Bias& bias,
                   const Residual& residual = {}) {
  return cx.apply(LinearOp<F>{}, x.rows(), width, x, weight, bias, residual);
}

/// x p for a raw projection p : (K, N)
template <class Cx, Index K, Index N>
Rows<Cx, N> project(Cx& cx, Rows<Cx, K> x, Size<N> width, const Parameter<typename Cx::Scalar>& p) {
  return cx.apply(ProjectOp{}, x.rows(), width, x, p);
}

/// a bᵀ : (rows of a, rows of b)
template <class Cx, Index K, Index K2>
Rows<Cx, dyn> matmul_nt(Cx& cx, Rows<Cx, K> a, Rows<Cx, K2> b) {
  static_assert(compatible(K, K2), "matmul_nt: widths differ");
  if (a.cols() != b.cols()) raise(ShapeError{"matmul_nt", "width", a.cols(), b.cols()});
  return cx.apply(MatmulNtOp{}, a.rows(), Size<dyn>{b.rows()}, a, b);
}

}  // namespace clip::inline CLIP_ABI
