// clip/ops/row_products.hpp: products of each row with rows of its own.
#pragma once

#include <clip/autograd/context.hpp>
#include <clip/backend/arithmetic.hpp>
#include <clip/backend/concept.hpp>

#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

/// y_ij = x_i · z_{i n + j}, in full precision          x : (m, k), z : (m n, k), y : (m, n)
/// dx_i += Σ_j dy_ij z_{i n + j},   dz_{i n + j} += dy_ij x_i          Naive: backend/naive/products.hpp
struct RowProductsOp {
  static constexpr std::string_view name = "row_products";

  template <class T>
  void forward(auto& b, In<T> x, In<T> z, Out<T> y, Saved<T>) const {
    auto&& full = clip::in_full(b);
    const Index n = y.cols;
    for (Index i = 0; i < x.rows; ++i)
      full.linear(x.middle_rows(i, 1), Weights<T>{z.middle_rows(i * n, n)}, Epilogue<T>{}, y.middle_rows(i, 1));
  }

  template <class T>
  void backward(auto& b, In<T> x, In<T> z, Saved<T>, In<T> dy, Acc<T> dx, Acc<T> dz) const {
    auto&& full = clip::in_full(b);
    const Index n = dy.cols;
    for (Index i = 0; i < x.rows; ++i) {
      const In<T> dy_i = dy.middle_rows(i, 1);
      if (dx) {
        const Acc<T> dx_i = dx.middle_rows(i, 1);
        full.project(dy_i, Weights<T>{z.middle_rows(i * n, n)},
                     Epilogue<T>{.residual = dx.fresh ? In<T>{} : In<T>{dx_i}}, dx_i);
      }
      if (dz) full.outer(dy_i, x.middle_rows(i, 1), dz.middle_rows(i * n, n));
    }
  }
};

/// The products of row i of x with rows i n … (i + 1) n - 1 of z : (rows of x, n).
template <class Cx, Index K, Index K2>
Rows<Cx, dyn> row_products(Cx& cx, Rows<Cx, K> x, Rows<Cx, K2> z) {
  static_assert(compatible(K, K2), "row_products: widths differ");
  if (x.cols() != z.cols()) raise(ShapeError{"row_products", "width", x.cols(), z.cols()});
  if (x.rows() == 0 || z.rows() % x.rows() != 0)
    raise(ShapeError{"row_products", "rows", "a multiple of " + std::to_string(x.rows()), z.rows()});
  return cx.apply(RowProductsOp{}, x.rows(), Size<dyn>{z.rows() / x.rows()}, x, z);
}

}  // namespace clip::inline CLIP_ABI
