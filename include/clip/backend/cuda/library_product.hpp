// clip/backend/cuda/library_product.hpp: a product of matrices as a device's library computes it, as plain values.
#pragma once

#include <clip/backend/cuda/launch.hpp>

namespace clip_cuda {

/// One side of a product: a matrix, or its transpose. float, double, or bfloat16.
struct ProductSide {
  Matrix matrix;
  bool transposed;
};

/// y = f(a b + bias + added), f the identity or max(0, ·).   a : (m, k), b : (k, n), bias : (1, n), added, y : (m, n)
/// `bias` and `added` may be absent; `added` may be y. Products of bfloat16 are summed in float.
struct LibraryProduct {
  ProductSide a, b;
  Matrix bias, added, y;
  bool relu;

  Index terms() const { return a.transposed ? a.matrix.rows : a.matrix.cols; }
};

}  // namespace clip_cuda
