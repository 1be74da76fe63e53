// clip/backend/cuda/kernels/library_products.cuh: products by a library of the device, and the pass after them.
#pragma once

#include <clip/backend/cuda/kernels/functions.cuh>
#include <clip/backend/cuda/kernels/instructions.cuh>
#include <clip/backend/cuda/kernels/work.cuh>

#include <type_traits>
#include <utility>

namespace clip_cuda::kernels {

/// A matrix of a product, or its transpose.
template <class T>
struct Side {
  In<T> matrix;
  bool transposed;
};

/// A matrix as a library takes it.
template <class T>
Matrix plain(const View<T>& x) {
  constexpr Type type = std::is_same_v<std::remove_const_t<T>, double> ? Type::f64 : Type::f32;
  return {const_cast<std::remove_const_t<T>*>(x.data), x.rows, x.cols, x.stride, type};
}

/// A side in the type of the product: where products of float may round their sides, a copy in bfloat16.
template <class T>
ProductSide product_side(Work& work, const Side<T>& side) {
  if constexpr (std::is_same_v<T, float>)
    if (work.reduced()) {
      const In<float> x = side.matrix;
      const Index stride = (x.cols + 7) / 8 * 8;  // rows begin at multiples of 16 bytes, as tensor cores read them
      auto* const values = work.room<std::uint16_t>(x.rows * stride);
      work.each(x.rows, x.cols, [=] __device__(Index i, Index j) {
        values[i * stride + j] = static_cast<std::uint16_t>(two_bfloat16(x(i, j), 0.0f));
      });
      return {{values, x.rows, x.cols, stride, Type::bf16}, side.transposed};
    }
  return {plain(side.matrix), side.transposed};
}

/// What a library computes of a product with its epilogue, and what a pass after it does.
template <class T>
struct SplitProduct {
  In<T> bias, added;
  bool relu = false;
  Epilogue<T> rest;

  /// bare: the library computes the product alone.
  SplitProduct(const Epilogue<T>& whole, bool bare) : rest{whole} {
    if (bare || whole.scale) return;
    const bool identity = whole.activation.name == Function::Name::identity;
    bias = std::exchange(rest.bias, {});
    added = std::exchange(rest.shortcut, {});
    if (rest.before) return;
    if (identity && !added) added = std::exchange(rest.residual, {});
    if (whole.activation.name == Function::Name::relu && !rest.residual) {
      relu = true;
      rest.activation.name = Function::Name::identity;
    }
  }
  bool another_pass() const {
    return rest.bias || rest.scale || rest.shortcut || rest.residual || rest.before ||
           rest.activation.name != Function::Name::identity;
  }
  bool bare() const { return !bias && !added && !relu; }
};

/// Whether a library has computed y = residual + f(scale ⊙ (a b) + bias + shortcut). A library that refuses bias or
/// activation is asked for the product alone.
template <class T>
bool multiplied_by_library(Work& work, const Side<T>& a, const Side<T>& b, const Epilogue<T>& epilogue, Out<T> y) {
  if (!work.device().has_products() || y.rows == 0 || y.cols == 0 || a.matrix.rows == 0 || a.matrix.cols == 0)
    return false;
  const ProductSide left = product_side<T>(work, a), right = product_side<T>(work, b);
  Out<T> room;
  for (const bool bare : {false, true}) {
    SplitProduct<T> split{epilogue, bare};
    if (bare && SplitProduct<T>{epilogue, false}.bare()) return false;
    Out<T> z = y;
    if (epilogue.before) {
      z = epilogue.before;
      if (!split.rest.scale && !split.rest.bias && !split.rest.shortcut) split.rest.before = {};
    } else if (split.another_pass() && (split.rest.residual.data == y.data || split.rest.shortcut.data == y.data)) {
      if (!room) room = work.room<T>(y.rows, y.cols);
      z = room;
    }
    if (!work.multiply({left, right, plain(split.bias), plain(split.added), plain(z), split.relu})) continue;
    if (split.another_pass() || z.data != y.data) {
      const Epilogue<T> rest = split.rest;
      work.each(y.rows, y.cols, [=] __device__(Index i, Index j) { rest.finish(i, j, z(i, j), y); });
    }
    return true;
  }
  return false;
}

/// Whether a library has computed c += a b.
template <class T>
bool added_by_library(Work& work, const Side<T>& a, const Side<T>& b, Acc<T> c) {
  if (!work.device().has_products() || c.rows == 0 || c.cols == 0 || a.matrix.rows == 0) return false;
  const Out<T> target = c;
  const In<T> before = c.fresh ? In<T>{} : In<T>{target};
  return work.multiply({product_side<T>(work, a), product_side<T>(work, b), {}, plain(before), plain(target), false});
}

}  // namespace clip_cuda::kernels
