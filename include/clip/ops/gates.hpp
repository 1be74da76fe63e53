// clip/ops/gates.hpp: scaling of channels: the gates of squeeze-and-excitation, and layer scale.
#pragma once

#include <clip/autograd/context.hpp>
#include <clip/backend/convolving.hpp>

#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

/// y_i = x_i ⊙ s_g, g = i / (rows of x per row of s)
///   x, y : (g r, n), s : (g, n);   dx += dy ⊙ s,   ds_g += Σ over its rows of dy ⊙ x
/// Naive: backend/naive/depthwise.hpp
struct GateOp {
  static constexpr std::string_view name = "gate";

  template <class T>
  void forward(auto& b, In<T> x, In<T> s, Out<T> y, Saved<T>) const {
    b.gate(x, s, In<T>{}, y);
  }
  template <class T>
  void backward(auto& b, In<T> x, In<T> s, Saved<T>, In<T> dy, Acc<T> dx, Acc<T> ds) const {
    b.gate_backward(x, s, dy, dx, ds);
  }
};

/// y = residual + x ⊙ γ          x, residual, y : (m, n), γ : (n), stored as (n) or (n, 1, 1)
/// dx += dy ⊙ γ,   dγ += Σ over rows of dy ⊙ x,   dresidual += dy          Naive: backend/naive/depthwise.hpp
struct LayerScaleOp {
  static constexpr std::string_view name = "layer_scale";

  template <class T>
  void forward(auto& b, In<T> x, In<T> gamma, In<T> residual, Out<T> y, Saved<T>) const {
    b.gate(x, In<T>{gamma.data, 1, x.cols}, residual, y);
  }
  template <class T>
  void backward(auto& b, In<T> x, In<T> gamma, In<T>, Saved<T>, In<T> dy, Acc<T> dx, Acc<T> dgamma,
                Acc<T> dresidual) const {
    const Acc<T> row = dgamma ? Acc<T>{View<T>{dgamma.data, 1, x.cols}, dgamma.fresh} : Acc<T>{};
    b.gate_backward(x, In<T>{gamma.data, 1, x.cols}, dy, dx, row);
    if (dresidual) b.add(dy, dresidual);
  }
};

/// x ⊙ s, one row of s for the rows of each image (Hu et al. 2018, eq. 4).
///   x, result : (m, N), s : (images, N), m a multiple of images
/// ShapeError: sizes do not fit.
template <class Cx, Index N, Index M>
Rows<Cx, N> gate(Cx& cx, Rows<Cx, N> x, Rows<Cx, M> s) {
  static_assert(compatible(M, N), "gate: widths differ");
  static_assert(ConvolvingBackend<BackendOf<Cx>>, "gate: this backend has no gates (backend/convolving.hpp)");
  if (s.cols() != x.cols()) raise(ShapeError{"gate", "width", x.cols(), s.cols()});
  if (s.rows() == 0 || x.rows() % s.rows() != 0)
    raise(ShapeError{"gate", "rows", "a multiple of the " + std::to_string(s.rows()) + " gates", x.rows()});
  return cx.apply(GateOp{}, x.rows(), Size<N>{x.cols()}, x, s);
}

/// residual + x ⊙ γ (Touvron et al. 2021, "Going deeper with image transformers", eq. 4).
///   x, residual, result : (m, N), γ : (N) or (N, 1, 1)
/// ShapeError: sizes do not fit.
template <class Cx, Index N, Index M>
Rows<Cx, N> layer_scale(Cx& cx, Rows<Cx, N> x, const Parameter<typename Cx::Scalar>& gamma, Rows<Cx, M> residual) {
  static_assert(compatible(M, N), "layer_scale: widths differ");
  static_assert(ConvolvingBackend<BackendOf<Cx>>, "layer_scale: this backend has no gates (backend/convolving.hpp)");
  if (gamma.count() != x.cols()) raise(ShapeError{"layer_scale", "width", x.cols(), gamma.count()});
  if (residual.rows() != x.rows() || residual.cols() != x.cols())
    raise(ShapeError{"layer_scale", "shape of the residual", Shape{x.rows(), x.cols()},
                     Shape{residual.rows(), residual.cols()}});
  return cx.apply(LayerScaleOp{}, x.rows(), Size<N>{x.cols()}, x, gamma, residual);
}

}  // namespace clip::inline CLIP_ABI
