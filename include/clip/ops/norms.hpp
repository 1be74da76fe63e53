// clip/ops/norms.hpp: layer normalisation, and rows of unit length.
#pragma once

#include <clip/autograd/context.hpp>

#include <string_view>

namespace clip::inline CLIP_ABI {

/// y = (x - μ) r γ + β,  r = 1/√(σ² + ε)          x, y : (m, n), γ, β : (n), saved : (m, 2) = (μ, r)
/// with x̂ = (x - μ) r and g = γ dy:   dx += r (g - mean(g) - x̂ mean(g x̂)),   dγ += Σ dy x̂,   dβ += Σ dy
/// (Ba et al. 2016)          Naive: backend/naive/norms.hpp
struct LayerNormOp {
  static constexpr std::string_view name = "layer_norm";
  double epsilon;

  template <class T>
  Extents saved(In<T> x, In<T>, In<T>) const {
    return {x.rows, 2};
  }
  template <class T>
  void forward(auto& b, In<T> x, In<T> gain, In<T> bias, Out<T> y, Saved<T> saved) const {
    b.layer_norm(x, gain, bias, epsilon, y, saved);
  }
  template <class T>
  void recompute(auto& b, In<T> x, In<T> gain, In<T> bias, Saved<T>, Out<T> y) const {
    b.layer_norm(x, gain, bias, epsilon, y, Saved<T>{});
  }
  template <class T>
  void backward(auto& b, In<T> x, In<T> gain, In<T>, Saved<T> saved, In<T> dy, Acc<T> dx, Acc<T> dgain,
                Acc<T> dbias) const {
    b.layer_norm_backward(x, gain, saved, dy, dx, dgain, dbias);
  }
};

/// y = x / |x|, row by row;   dx += (dy - y (y·dy)) / |x|          saved : (m, 1) = |x|
/// No ε, as OpenAI: a row of zeros gives NaN, which a loss reports.          Naive: backend/naive/norms.hpp
struct NormalizeOp {
  static constexpr std::string_view name = "normalize";

  template <class T>
  Extents saved(In<T> x) const {
    return {x.rows, 1};
  }
  template <class T>
  void forward(auto& b, In<T> x, Out<T> y, Saved<T> saved) const {
    b.normalize(x, y, saved);
  }
  template <class T>
  void backward(auto& b, In<T> x, Saved<T> saved, In<T> dy, Acc<T> dx) const {
    if (dx) b.normalize_backward(x, saved, dy, dx);
  }
};

template <class Cx, Index W>
Rows<Cx, W> layer_norm(Cx& cx, Rows<Cx, W> x, const Parameter<typename Cx::Scalar>& gain,
                       const Parameter<typename Cx::Scalar>& bias, double epsilon) {
  return cx.apply(LayerNormOp{epsilon}, x.rows(), Size<W>{x.cols()}, x, gain, bias);
}

template <class Cx, Index W>
Rows<Cx, W> normalize(Cx& cx, Rows<Cx, W> x) {
  return cx.apply(NormalizeOp{}, x.rows(), Size<W>{x.cols()}, x);
}

}  // namespace clip::inline CLIP_ABI
