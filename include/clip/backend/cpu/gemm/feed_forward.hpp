// clip/backend/cpu/gemm/feed_forward.hpp: fused feed-forward block: layer norm, MLP, residual.
//
// Where the products quantise their rows (bfloat16, int8), a block of rows passes through all steps before the next
// block starts: intermediate values stay in a thread's scratch and are quantised there. Rows of float are two or four
// times as wide and would leave the second-level cache, so they take one step after the other, as do batches of too few
// rows for all threads.
#pragma once

#include <clip/backend/cpu/gemm/products.hpp>
#include <clip/backend/cpu/norms.hpp>
#include <clip/backend/fusing.hpp>

namespace clip::inline CLIP_ABI::cpu {

template <class T, class Self>
struct FeedForwardPrimitives {
  /// y = x + w2 f(w1 x̂ + b1) + b2, x̂ the layer norm of x; y may be x.
  ///   normed : (m, k), hidden : (m, h), memory for the intermediate values of the stepwise form
  template <class F>
  void feed_forward(In<T> x, const FeedForward<T>& mlp, F f, Out<T> normed, Out<T> hidden, Out<T> y) {
    if constexpr (has_dot<Bfloat16Dot, T>)
      if (run_in_blocks<Bfloat16Dot>(CpuLayout::bfloat16_panels, x, mlp, f, y)) return;
    if constexpr (has_dot<Int8Dot, T>)
      if (run_in_blocks<Int8Dot>(CpuLayout::int8_panels, x, mlp, f, y)) return;
    self().layer_norm(x, mlp.gain, mlp.bias, mlp.epsilon, normed, Saved<T>{});
    self().linear(normed, mlp.w1, Epilogue<T, F>{.bias = mlp.b1, .activation = f}, hidden);
    self().linear(hidden, mlp.w2, Epilogue<T>{.bias = mlp.b2, .residual = x}, y);
  }

 private:
  /// Runs the fused form if both weights have `layout` and there is a block of rows for every thread; returns whether.
  template <class Dot, class F>
  bool run_in_blocks(Layout layout, const In<T>& x, const FeedForward<T>& mlp, const F& f, const Out<T>& y) {
    using Up = Product<Dot, T, F>;
    using Down = Product<Dot, T>;
    const Index threads = self().workers().threads(), fewest = ceil_div(y.rows, Up::rows_per_block);
    const Index blocks = round_up(fewest, threads);
    if (mlp.w1.layout != layout || mlp.w2.layout != layout || fewest < threads) return false;
    const Index k = x.cols, h = mlp.b1.cols;
    const Index scratch_size = Up::sums_size + Up::quantised_size(k) + Down::quantised_size(h) +
                               Up::rows_per_block * h + round_up(k, Simd<T>::size);
    ParallelRegion region{self().workers()};
    region.template parallel<T>(blocks, scratch_size, [&](Index task, T* sums) {
      const Index begin = y.rows * task / blocks, rows = y.rows * (task + 1) / blocks - begin;
      T *const quantised = sums + Up::sums_size, *const quantised_hidden = quantised + Up::quantised_size(k);
      T *const values = quantised_hidden + Down::quantised_size(h), *const normed = values + Up::rows_per_block * h;
      const In<T> from = x.middle_rows(begin, rows), between{values, rows, h};
      const Out<T> hidden{values, rows, h}, to = y.middle_rows(begin, rows);
      const DirectRows<T> rows_of_x{from}, rows_of_hidden{between};
      const Epilogue<T, F> activated{.bias = mlp.b1, .activation = f};
      const Epilogue<T> added{.bias = mlp.b2, .residual = from};
      const Up up{rows_of_x, activated, hidden};
      const Down down{rows_of_hidden, added, to};
      for (Index i = 0; i < rows; ++i) {
        layer_norm_row(from.row(i), k, mlp.gain.row(0), mlp.bias.row(0), mlp.epsilon, normed);
        up.quantise_row(normed, i, quantised);
      }
      up.multiply_block(0, rows, 0, up.last_panel(), up.packed_panels(mlp.w1.data), quantised, sums);
      for (Index i = 0; i < rows; ++i) down.quantise_row(hidden.row(i), i, quantised_hidden);
      down.multiply_block(0, rows, 0, down.last_panel(), down.packed_panels(mlp.w2.data), quantised_hidden, sums);
    });
    return true;
  }

  Self& self() { return static_cast<Self&>(*this); }
};

}  // namespace clip::inline CLIP_ABI::cpu
