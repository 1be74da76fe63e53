// clip/ops/pointwise.hpp: elementwise activations and sums.
#pragma once

#include <clip/autograd/context.hpp>
#include <clip/config/activation.hpp>

#include <string_view>

namespace clip::inline CLIP_ABI {

/// y = f(x);   dx += dy f'(x)          Naive: backend/naive/pointwise.hpp
template <class F>
struct Pointwise {
  static constexpr std::string_view name = F::name;
  [[no_unique_address]] F f{};  // with its numbers, if it has some

  template <class T>
  void forward(auto& b, In<T> x, Out<T> y, Saved<T>) const {
    b.map(f, x, y);
  }
  template <class T>
  void backward(auto& b, In<T> x, Saved<T>, In<T> dy, Acc<T> dx) const {
    if (dx) b.map_slope(f, x, dy, dx);
  }
};

/// y = x + z;   dx += dy,   dz += dy          Naive: backend/naive/pointwise.hpp
struct AddOp {
  static constexpr std::string_view name = "add";

  template <class T>
  void forward(auto& b, In<T> x, In<T> z, Out<T> y, Saved<T>) const {
    b.add(x, Acc<T>{y, true});
    b.add(z, Acc<T>{y, false});
  }
  template <class T>
  void backward(auto& b, In<T>, In<T>, Saved<T>, In<T> dy, Acc<T> dx, Acc<T> dz) const {
    if (dx) b.add(dy, dx);
    if (dz) b.add(dy, dz);
  }
};

/// y = x - z;   dx += dy,   dz -= dy          Naive: backend/naive/pointwise.hpp
struct SubtractOp {
  static constexpr std::string_view name = "subtract";

  template <class T>
  void forward(auto& b, In<T> x, In<T> z, Out<T> y, Saved<T>) const {
    b.add(x, Acc<T>{y, true});
    b.blend(1, -1, z, y);
  }
  template <class T>
  void backward(auto& b, In<T>, In<T>, Saved<T>, In<T> dy, Acc<T> dx, Acc<T> dz) const {
    if (dx) b.add(dy, dx);
    if (!dz) return;
    if (dz.fresh) b.fill(dz, T(0));
    b.blend(1, -1, dy, dz);
  }
};

/// f(x) for a functor of core/pointwise.hpp or your own.
template <class F, class Cx, Index W>
Rows<Cx, W> map(Cx& cx, F f, Rows<Cx, W> x) {
  return cx.apply(Pointwise<F>{f}, x.rows(), Size<W>{x.cols()}, x);
}

/// The activation a configuration names.
template <class Cx, Index W>
Rows<Cx, W> activate(Cx& cx, Activation activation, Rows<Cx, W> x) {
  return visit_activation(activation, [&](auto f) { return map(cx, f, x); });
}

template <class Cx, Index W, Index W2>
Rows<Cx, W> add(Cx& cx, Rows<Cx, W> x, Rows<Cx, W2> z) {
  static_assert(compatible(W, W2), "add: widths differ");
  if (x.rows() != z.rows() || x.cols() != z.cols())
    raise(ShapeError{"add", "shape", Shape{x.rows(), x.cols()}, Shape{z.rows(), z.cols()}});
  return cx.apply(AddOp{}, x.rows(), Size<W>{x.cols()}, x, z);
}

template <class Cx, Index W, Index W2>
Rows<Cx, W> subtract(Cx& cx, Rows<Cx, W> x, Rows<Cx, W2> z) {
  static_assert(compatible(W, W2), "subtract: widths differ");
  if (x.rows() != z.rows() || x.cols() != z.cols())
    raise(ShapeError{"subtract", "shape", Shape{x.rows(), x.cols()}, Shape{z.rows(), z.cols()}});
  return cx.apply(SubtractOp{}, x.rows(), Size<W>{x.cols()}, x, z);
}

}  // namespace clip::inline CLIP_ABI
