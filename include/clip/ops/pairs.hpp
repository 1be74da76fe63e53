// clip/ops/pairs.hpp: ops of losses over pairs: chosen entries, weighted sums, distances of rows, and margins.
#pragma once

#include <clip/autograd/constant.hpp>
#include <clip/autograd/context.hpp>
#include <clip/backend/arithmetic.hpp>
#include <clip/backend/concept.hpp>
#include <clip/core/margin_functions.hpp>

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {
/// A matrix without gaps as one column.
template <class V>
V as_column(V x) {
  x.rows = x.count();
  x.cols = x.stride = 1;
  return x;
}
}  // namespace detail

/// y = the entries of x with these numbers, row by row;   dx += dy at the entry, in the order of the numbers
///   x : (m, n), number i n + j is x_ij. `ids` are in host memory and outlive the tape.
/// Naive: backend/naive/tables.hpp
struct PickOp {
  static constexpr std::string_view name = "pick";
  Ids ids;

  template <class T>
  void forward(auto& b, In<T> x, Out<T> y, Saved<T>) const {
    b.gather(detail::as_column(x), ids, Acc<T>{detail::as_column(y), true});
  }
  template <class T>
  void backward(auto& b, In<T>, Saved<T>, In<T> dy, Acc<T> dx) const {
    if (dx) b.scatter_add(detail::as_column(dy), ids, detail::as_column(dx));
  }
};

/// L = Σ_ij w_ij x_ij;   dx += dL w,   dw += dL x          x, w : (m, n), L : (1, 1)
/// Naive: backend/naive/pointwise.hpp, products.hpp
struct WeightedSumOp {
  static constexpr std::string_view name = "weighted_sum";

  template <class T>
  void forward(auto& b, In<T> x, In<T> w, Out<T> loss, Saved<T>) const {
    b.dot(x, w, Acc<T>{loss, true});
  }
  template <class T>
  void backward(auto& b, In<T> x, In<T> w, Saved<T>, In<T> dloss, Acc<T> dx, Acc<T> dw) const {
    if (dx) add_times(b, w, dloss, dx);
    if (dw) add_times(b, x, dloss, dw);
  }

 private:
  template <class T>
  static void add_times(auto& b, In<T> values, In<T> factor, Acc<T> to) {
    const Acc<T> target = detail::as_column(to);
    clip::in_full(b).linear(detail::as_column(values), Weights<T>{factor},
                            Epilogue<T>{.residual = target.fresh ? In<T>{} : In<T>{target}}, target);
  }
};

/// Memory that the distance of rows works in.
template <class T>
struct RowDistanceScratch {
  View<T> unit, spread;  // (m, k)
  View<T> ones;          // (k, 1)
};

/// y_i = |x_i - z_i + ε|, ε added to every value, so that equal rows have a gradient          x, z : (m, k), y : (m, 1)
/// dx_i += dy_i u_i,   dz_i -= dy_i u_i,   u_i = (x_i - z_i + ε) / y_i
/// The scratch keeps u; it outlives the tape.          Naive: backend/naive/norms.hpp
template <class T_>
struct RowDistanceOp {
  static constexpr std::string_view name = "row_distance";
  double epsilon;
  const RowDistanceScratch<T_>* scratch;

  template <class T>
  void forward(auto& b, In<T> x, In<T> z, Out<T> y, Saved<T>) const {
    const View<T> difference = scratch->spread;
    b.fill(difference, static_cast<T>(epsilon));
    b.add(x, Acc<T>{difference, false});
    b.blend(1, -1, z, difference);
    b.normalize(In<T>{difference}, scratch->unit, y);
  }
  template <class T>
  void backward(auto& b, In<T>, In<T>, Saved<T>, In<T> dy, Acc<T> dx, Acc<T> dz) const {
    const In<T> unit{scratch->unit};
    const View<T> spread = scratch->spread;  // dy_i in every value of row i
    b.fill(scratch->ones, T(1));
    clip::in_full(b).linear(dy, Weights<T>{In<T>{scratch->ones}}, Epilogue<T>{}, spread);
    if (dx) b.map_slope(fn::HalfSquare{}, unit, In<T>{spread}, dx);
    if (!dz) return;
    b.blend(0, -1, In<T>{spread}, spread);
    b.map_slope(fn::HalfSquare{}, unit, In<T>{spread}, dz);
  }
};

/// The entries of x with these numbers, as a matrix of so many rows. ShapeError: entries that do not fill the rows.
template <class Cx, Index W>
Rows<Cx, dyn> pick(Cx& cx, Rows<Cx, W> x, Ids ids, Index rows) {
  const auto count = static_cast<Index>(ids.size());
  if (rows < 1 || count % rows != 0)
    raise(ShapeError{"pick", "entries", std::to_string(rows) + " rows of them", count});
  return cx.apply(PickOp{ids}, rows, Size<dyn>{count / rows}, x);
}

/// Σ w_ij x_ij of matrices of one shape.
template <class Cx, Index W, Index W2>
Rows<Cx, 1> weighted_sum(Cx& cx, Rows<Cx, W> x, Rows<Cx, W2> weights) {
  if (x.rows() != weights.rows() || x.cols() != weights.cols())
    raise(ShapeError{"weighted_sum", "shape of the weights", Shape{x.rows(), x.cols()},
                     Shape{weights.rows(), weights.cols()}});
  return cx.apply(WeightedSumOp{}, 1, Size<1>{}, x, weights);
}

/// The distance of every row of x to the same row of z: (m, 1). PyTorch's pairwise_distance has an ε of 1e-6.
template <class Cx, Index W, Index W2>
Rows<Cx, 1> row_distance(Cx& cx, Rows<Cx, W> x, Rows<Cx, W2> z, double epsilon = 1e-6) {
  static_assert(compatible(W, W2), "row_distance: widths differ");
  if (x.rows() != z.rows() || x.cols() != z.cols())
    raise(ShapeError{"row_distance", "shape", Shape{x.rows(), x.cols()}, Shape{z.rows(), z.cols()}});
  using T = typename Cx::Scalar;
  const auto allocate = [&](Index rows, Index cols) { return cx.allocate(rows, Size<dyn>{cols}).view; };
  auto& scratch = cx.template keep<RowDistanceScratch<T>>();
  scratch = {allocate(x.rows(), x.cols()), allocate(x.rows(), x.cols()), allocate(x.cols(), 1)};
  return cx.apply(RowDistanceOp<T>{epsilon, &scratch}, x.rows(), Size<1>{}, x, z);
}

/// A matrix of constants, value(i, j), which the context keeps.
template <class Cx, class F>
Rows<Cx, dyn> constants(Cx& cx, Index rows, Index cols, F value) {
  auto& values = cx.template keep<std::vector<typename Cx::Scalar>>();
  values.resize(static_cast<std::size_t>(rows * cols));
  for (Index i = 0; i < rows; ++i)
    for (Index j = 0; j < cols; ++j)
      values[static_cast<std::size_t>(i * cols + j)] = static_cast<typename Cx::Scalar>(value(i, j));
  return constant(cx, View<const typename Cx::Scalar>{values.data(), rows, cols}, Size<dyn>{cols});
}

}  // namespace clip::inline CLIP_ABI
