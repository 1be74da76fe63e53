// clip/ops/block_diagonal.hpp: the weight of a convolution in groups as one of a convolution without.
#pragma once

#include <clip/autograd/context.hpp>

#include <string_view>

namespace clip::inline CLIP_ABI {

/// y(n, g k + j) = w(n, j) if row n belongs to group g, otherwise 0
///   w : (N, k), N a multiple of groups, y : (N, groups · k)
/// dw(n, j) += dy(n, g k + j), g the group of n
/// Naive: backend/naive/pointwise.hpp
struct BlockDiagonalOp {
  static constexpr std::string_view name = "block_diagonal";
  Index groups;

  template <class T>
  void forward(auto& b, In<T> w, Out<T> y, Saved<T>) const {
    const Index rows = w.rows / groups;
    b.fill(y, T(0));
    for (Index g = 0; g < groups; ++g)
      b.add(w.middle_rows(g * rows, rows), Acc<T>{y.middle_rows(g * rows, rows).middle_cols(g * w.cols, w.cols), true});
  }
  template <class T>
  void backward(auto& b, In<T> w, Saved<T>, In<T> dy, Acc<T> dw) const {
    if (!dw) return;
    const Index rows = w.rows / groups;
    for (Index g = 0; g < groups; ++g)
      b.add(dy.middle_rows(g * rows, rows).middle_cols(g * w.cols, w.cols), dw.middle_rows(g * rows, rows));
  }
};

}  // namespace clip::inline CLIP_ABI
