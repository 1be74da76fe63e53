// clip/backend/cpu/attention/query.hpp: one query a sequence, its keys and values the rows themselves.
//
// Heads stand side by side in packets: what the queries ask for is a panel (k, heads), so that scores and the sums of rows are
// tiles like those of every product.
#pragma once

#include <clip/backend/cpu/gemm/products.hpp>

#include <algorithm>
#include <cmath>

namespace clip::inline CLIP_ABI {

template <class T, class Self>
struct CpuQueryAttention {
  /// For sequence i of t rows and head h of d = q.cols / heads columns:   u = q_h w_h / √d,   y_h = Σ_j softmax_j(u · x_j) x_j
  ///   q : (n, heads · d), x : (n t, k), w : (heads · d, k), as `linear` reads it, y : (n, heads · k)
  void query_attention(In<T> q, In<T> x, Weights<T> w, Index heads, Out<T> y) {
    if (y.count() == 0) return;
    const Index n = q.rows, t = x.rows / n, d = q.cols / heads, wide = round_up(heads, width),
                panels = pieces(x.cols, width);
    Crew::Shift shift{crew()};
    T* const asked = shift.template shared<T>(n * x.cols * wide);  // (n, k, heads)
    shift.template parallel<T>(panels, (tile_rows + d + width) * width,
                               [&](Index p, T* own) { ask(q, w, heads, p, x.cols, asked, own); });
    shift.template parallel<T>(n, t * wide + (tile_rows + t) * width, [&](Index i, T* own) {
      answer(x.middle_rows(i * t, t), asked + i * x.cols * wide, heads, y.row(i), own);
    });
  }

 private:
  using P = Pack<T>;
  static constexpr Index width = panel_width<T>;
  Crew& crew() { return static_cast<Self&>(*this).crew(); }

  /// q_h w_h / √d of every head, inputs p · width … of w.
  static void ask(In<T> q, const Weights<T>& w, Index heads, Index p, Index k, T* asked, T* own) {
    const Index d = q.cols / heads, wide = round_up(heads, width);
    const T scale = 1 / std::sqrt(static_cast<T>(d));
    T *const sums = own, *const panel = sums + tile_rows * width, *const room = panel + d * width;
    for (Index i = 0; i < q.rows; ++i)
      for (Index c = p * width; c < std::min(k, (p + 1) * width); ++c)
        std::fill_n(asked + (i * k + c) * wide + heads, wide - heads, T(0));
    for (Index h = 0; h < heads; ++h) {
      if (w.layout == Layout::rows) detail::InRows<T>{Use::project, w, k}.write(p, h * d, (h + 1) * d, panel);
      else detail::turn_panel(w, h * d, (h + 1) * d, k, p, panel, room);
      each_tile(0, q.rows, [&](Index i, Index rows) {
        tile<T>(rows, d, q.row(i) + h * d, q.stride, panel, width, sums, width);
        for (Index r = 0; r < rows; ++r)
          for (Index c = 0; c < std::min(width, k - p * width); ++c)
            asked[((i + r) * k + p * width + c) * wide + h] = scale * sums[r * width + c];
      });
    }
  }

  /// One sequence: all its heads.
  static void answer(In<T> x, const T* asked, Index heads, T* y, T* own) {
    const Index t = x.rows, k = x.cols, wide = round_up(heads, width);
    T *const share = own, *const sums = own + t * wide, *const room = sums + tile_rows * width;  // share : (t, heads)
    for (Index h = 0; h < heads; h += width) {
      each_tile(0, t, [&](Index j, Index some) {
        tile<T>(some, k, x.row(j), x.stride, asked + h, wide, share + j * wide + h, wide);
      });
      for (Index c = h; c < h + width; c += P::size) softmax(share + c, t, wide);
    }
    for (Index c = 0; c < k; c += width) {
      const Index n = std::min(width, k - c);
      const T* rows = x.data + c;
      Index stride = x.stride;
      if (n < width) detail::pack_along<T>(n, t, rows, stride, room), rows = room, stride = width;
      each_tile(0, heads, [&](Index h, Index some) {
        tile<T, Reading::across>(some, t, share + h, wide, rows, stride, sums, width);
        for (Index r = 0; r < some; ++r)
          along<T>(n, [&](Index j, auto part) { P::load(sums + r * width + j).store(y + (h + r) * k + c + j, part); });
      });
    }
  }

  /// Over t rows `stride` apart, every lane by itself.
  static void softmax(T* x, Index t, Index stride) {
    P most = P::load(x), sum{0};
    for (Index j = 1; j < t; ++j) most = max(most, P::load(x + j * stride));
    for (Index j = 0; j < t; ++j) {
      const P value = exp(P::load(x + j * stride) - most);
      value.store(x + j * stride);
      sum = sum + value;
    }
    for (Index j = 0; j < t; ++j) (P::load(x + j * stride) / sum).store(x + j * stride);
  }
};

}  // namespace clip::inline CLIP_ABI
