// clip/backend/cpu/gemm/feed_forward.hpp: fused feed-forward block: layer norm, MLP, residual.
//
// A block of rows passes through all steps before the next block starts where its intermediate values stay in the
// second-level cache: always where the products quantise their rows (bfloat16, int8), and for rows of float that are
// narrow. Wide rows of float take one step after the other, as do batches of too few rows for all threads. The bits do
// not depend on it.
#pragma once

#include <clip/backend/composed.hpp>
#include <clip/backend/cpu/gemm/products.hpp>
#include <clip/backend/cpu/norms.hpp>
#include <clip/backend/fusing.hpp>

namespace clip::inline CLIP_ABI::cpu {

/// Limit of a block's intermediate values in T: they and the panels in use stay in a second-level cache of 512 KB.
template <class T>
inline constexpr Index feed_forward_limit = 192 * 1024 / static_cast<Index>(sizeof(T));

/// Runs the fused form if both weights have `layout`, there is a block of rows for every thread and the block is
/// small; returns whether.
template <class Dot, class T, class F>
bool feed_forward_in_blocks(Workers& workers, Layout layout, const In<T>& x, const FeedForward<T>& mlp, const F& f,
                            const Out<T>& y) {
  using Up = Product<Dot, T, F>;
  using Down = Product<Dot, T>;
  const Index threads = workers.threads(), fewest = ceil_div(y.rows, Up::rows_per_block);
  const Index blocks = round_up(fewest, threads), k = x.cols, h = mlp.b1.cols;
  if (mlp.w1.layout != layout || mlp.w2.layout != layout || fewest < threads) return false;
  const Index normed_rows = !mlp.gain ? 0 : Up::plain ? Up::rows_per_block : 1;
  if (Up::plain && Up::rows_per_block * h + normed_rows * k > feed_forward_limit<T>) return false;
  const Index quantised_size = Up::plain ? 0 : Up::quantised_size(k) + Down::quantised_size(h);
  const Index scratch_size =
      Up::sums_size + quantised_size + Up::rows_per_block * h + normed_rows * round_up(k, Simd<T>::size);
  ParallelRegion region{workers};
  region.template parallel<T>(blocks, scratch_size, [&](Index task, T* sums) {
    const Index begin = y.rows * task / blocks, rows = y.rows * (task + 1) / blocks - begin;
    T *const quantised = sums + Up::sums_size, *const values = quantised + quantised_size;
    T* const normed = values + Up::rows_per_block * h;
    const auto norm_row = [&](Index i, T* to) {
      layer_norm_row(x.row(begin + i), k, mlp.gain.row(0), mlp.bias.row(0), mlp.epsilon, to);
      return to;
    };
    const In<T> between{values, rows, h}, residual = mlp.residual.middle_rows(begin, rows);
    In<T> from = x.middle_rows(begin, rows);
    if (Up::plain && mlp.gain) {
      for (Index i = 0; i < rows; ++i) norm_row(i, normed + i * k);
      from = In<T>{normed, rows, k};
    }
    const Out<T> hidden{values, rows, h}, to = y.middle_rows(begin, rows);
    const DirectRows<T> rows_of_x{from}, rows_of_hidden{between};
    const Epilogue<T, F> activated{.bias = mlp.b1, .activation = f};
    const Epilogue<T> added{.bias = mlp.b2, .residual = residual, .scale = mlp.scale};
    const Up up{rows_of_x, activated, hidden};
    const Down down{rows_of_hidden, added, to};
    T* const quantised_hidden = Up::plain ? quantised : quantised + Up::quantised_size(k);
    if constexpr (!Up::plain)
      for (Index i = 0; i < rows; ++i) up.quantise_row(mlp.gain ? norm_row(i, normed) : from.row(i), i, quantised);
    up.multiply_block(0, rows, 0, up.last_panel(), up.packed_panels(mlp.w1.data), quantised, sums);
    if constexpr (!Up::plain)
      for (Index i = 0; i < rows; ++i) down.quantise_row(hidden.row(i), i, quantised_hidden);
    down.multiply_block(0, rows, 0, down.last_panel(), down.packed_panels(mlp.w2.data), quantised_hidden, sums);
  });
  return true;
}

template <class T, class Self>
struct FeedForwardPrimitives {
  /// y = residual + scale ⊙ (w2 f(w1 x̂ + b1)) + b2, x̂ the layer norm of x, or x; y may be x or the residual.
  ///   normed : (m, k), hidden : (m, h), memory for the intermediate values of the stepwise form
  template <class F>
  void feed_forward(In<T> x, const FeedForward<T>& mlp, F f, Out<T> normed, Out<T> hidden, Out<T> y) {
    Workers& workers = self().workers();
    if constexpr (has_dot<Bfloat16Dot, T>)
      if (feed_forward_in_blocks<Bfloat16Dot>(workers, CpuLayout::bfloat16_panels, x, mlp, f, y)) return;
    if constexpr (has_dot<Int8Dot, T>)
      if (feed_forward_in_blocks<Int8Dot>(workers, CpuLayout::int8_panels, x, mlp, f, y)) return;
    if (feed_forward_in_blocks<FmaDot<T>>(workers, CpuLayout::panels, x, mlp, f, y)) return;
    composed::feed_forward(self(), x, mlp, f, normed, hidden, y);
  }

 private:
  Self& self() { return static_cast<Self&>(*this); }
};

}  // namespace clip::inline CLIP_ABI::cpu
