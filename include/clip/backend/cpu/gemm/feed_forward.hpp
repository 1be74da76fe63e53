// clip/backend/cpu/gemm/feed_forward.hpp: the second half of a residual block, a block of rows at a time.
//
// Where products take several k a step, a block of rows goes through norm, both products and activation before the next begins:
// what stands between them stays in a thread's scratch and is made words there. A float's rows are twice or four times as wide
// and would leave the second-level cache; they, and rows too few for all threads, take one step after the other.
#pragma once

#include <clip/backend/cpu/gemm/products.hpp>
#include <clip/backend/cpu/norms.hpp>
#include <clip/backend/fusing.hpp>

namespace clip::inline CLIP_ABI {

template <class T, class Self>
struct CpuFeedForward {
  /// y = x + w2 f(w1 x̂ + b1) + b2, x̂ the layer norm of x; y may be x.          normed : (m, k), hidden : (m, h), where steps leave their rows
  template <class F>
  void feed_forward(In<T> x, const FeedForward<T>& mlp, F f, Out<T> normed, Out<T> hidden, Out<T> y) {
    if constexpr (detail::takes<detail::Pairs, T>)
      if (in_blocks<detail::Pairs>(CpuLayout::bfloat16_panels, x, mlp, f, y)) return;
    if constexpr (detail::takes<detail::Quads, T>)
      if (in_blocks<detail::Quads>(CpuLayout::int8_panels, x, mlp, f, y)) return;
    self().layer_norm(x, mlp.gain, mlp.bias, mlp.epsilon, normed, Saved<T>{});
    self().linear(normed, mlp.w1, Epilogue<T, F>{.bias = mlp.b1, .activation = f}, hidden);
    self().linear(hidden, mlp.w2, Epilogue<T>{.bias = mlp.b2, .residual = x}, y);
  }

 private:
  /// Whether it was done: both weights lie in `layout`, and there is a block of rows for every thread.
  template <class K, class F>
  bool in_blocks(Layout layout, const In<T>& x, const FeedForward<T>& mlp, const F& f, const Out<T>& y) {
    using Up = detail::Product<K, T, F>;
    using Down = detail::Product<K, T>;
    const Index threads = self().crew().threads(), fewest = pieces(y.rows, Up::rows_at_once),
                blocks = round_up(fewest, threads);
    if (mlp.w1.layout != layout || mlp.w2.layout != layout || fewest < threads) return false;
    const Index k = x.cols, h = mlp.b1.cols;
    const Index room = Up::room_for_sums + Up::room_for_words(k) + Down::room_for_words(h) + Up::rows_at_once * h +
                       round_up(k, Pack<T>::size);
    Crew::Shift shift{self().crew()};
    shift.template parallel<T>(blocks, room, [&](Index task, T* sums) {
      const Index begin = y.rows * task / blocks, rows = y.rows * (task + 1) / blocks - begin;
      T *const words = sums + Up::room_for_sums, *const hidden_words = words + Up::room_for_words(k);
      T *const values = hidden_words + Down::room_for_words(h), *const normed = values + Up::rows_at_once * h;
      const In<T> from = x.middle_rows(begin, rows), between{values, rows, h};
      const Out<T> hidden{values, rows, h}, to = y.middle_rows(begin, rows);
      const detail::RowsAsTheyLie<T> rows_of_x{from}, rows_of_hidden{between};
      const Epilogue<T, F> activated{.bias = mlp.b1, .activation = f};
      const Epilogue<T> added{.bias = mlp.b2, .residual = from};
      const Up up{rows_of_x, activated, hidden};
      const Down down{rows_of_hidden, added, to};
      for (Index i = 0; i < rows; ++i) {
        detail::layer_norm_row(from.row(i), k, mlp.gain.row(0), mlp.bias.row(0), mlp.epsilon, normed);
        up.narrow(normed, i, words);
      }
      up.multiply(0, rows, 0, up.last_panel(), up.panels(mlp.w1.data), words, sums);
      for (Index i = 0; i < rows; ++i) down.narrow(hidden.row(i), i, hidden_words);
      down.multiply(0, rows, 0, down.last_panel(), down.panels(mlp.w2.data), hidden_words, sums);
    });
    return true;
  }

  Self& self() { return static_cast<Self&>(*this); }
};

}  // namespace clip::inline CLIP_ABI
