// clip/backend/cpu/attention/query.hpp: attention of one query per sequence, key projection folded in.
//
// The keys and values of a sequence are its rows themselves. Heads are lanes: the projected queries form panels of
// (k, heads), so that scores and weighted sums are register tiles like those of any product.
#pragma once

#include <clip/backend/cpu/threads/workers.hpp>
#include <clip/backend/cpu/weights/panels.hpp>
#include <clip/backend/cpu/weights/transposed.hpp>

#include <algorithm>
#include <cmath>

namespace clip::inline CLIP_ABI::cpu {

template <class T, class Self>
struct QueryAttentionPrimitives {
  /// For sequence i of t rows and head h of d = q.cols / heads columns:
  ///   u = q_h w_h / √d,   y_h = Σ_j softmax_j(u · x_j) x_j
  ///   q : (n, heads · d), x : (n t, k), w : (heads · d, k), as `linear` reads it, y : (n, heads · k)
  void query_attention(In<T> q, In<T> x, Weights<T> w, Index heads, Out<T> y) {
    if (y.count() == 0) return;
    const Index n = q.rows, t = x.rows / n, d = q.cols / heads;
    const Index padded_heads = round_up(heads, width), panels = ceil_div(x.cols, width);
    ParallelRegion region{workers()};
    T* const u = region.template shared<T>(n * x.cols * padded_heads);  // (n, k, heads)
    region.template parallel<T>(panels, (tile_rows + d + width) * width,
                                [&](Index p, T* scratch) { project_queries(q, w, heads, p, x.cols, u, scratch); });
    region.template parallel<T>(n, t * padded_heads + (tile_rows + t) * width, [&](Index i, T* scratch) {
      attend(x.middle_rows(i * t, t), u + i * x.cols * padded_heads, heads, y.row(i), scratch);
    });
  }

 private:
  using P = Simd<T>;
  static constexpr Index width = panel_width<T>;
  Workers& workers() { return static_cast<Self&>(*this).workers(); }

  /// u = q_h w_h / √d of every head, for inputs p · width … of w.
  static void project_queries(In<T> q, const Weights<T>& w, Index heads, Index p, Index k, T* u, T* scratch) {
    const Index d = q.cols / heads, padded_heads = round_up(heads, width);
    const T scale = 1 / std::sqrt(static_cast<T>(d));
    T *const sums = scratch, *const panel = sums + tile_rows * width, *const buffer = panel + d * width;
    for (Index i = 0; i < q.rows; ++i)
      for (Index c = p * width; c < std::min(k, (p + 1) * width); ++c)
        std::fill_n(u + (i * k + c) * padded_heads + heads, padded_heads - heads, T(0));
    for (Index h = 0; h < heads; ++h) {
      if (w.layout == Layout::rows) UnpackedWeight<T>{Use::project, w, k}.pack(p, h * d, (h + 1) * d, panel);
      else transpose_panel(w, h * d, (h + 1) * d, k, p, panel, buffer);
      each_tile(0, q.rows, [&](Index i, Index rows) {
        multiply_tile<T>(rows, d, q.row(i) + h * d, q.stride, panel, width, sums, width);
        for (Index r = 0; r < rows; ++r)
          for (Index c = 0; c < std::min(width, k - p * width); ++c)
            u[((i + r) * k + p * width + c) * padded_heads + h] = scale * sums[r * width + c];
      });
    }
  }

  /// All heads of one sequence.
  static void attend(In<T> x, const T* u, Index heads, T* y, T* scratch) {
    const Index t = x.rows, k = x.cols, padded_heads = round_up(heads, width);
    T* const p = scratch;  // (t, heads)
    T *const sums = p + t * padded_heads, *const buffer = sums + tile_rows * width;
    for (Index h = 0; h < heads; h += width) {
      each_tile(0, t, [&](Index j, Index rows) {
        multiply_tile<T>(rows, k, x.row(j), x.stride, u + h, padded_heads, p + j * padded_heads + h, padded_heads);
      });
      for (Index c = h; c < h + width; c += P::size) softmax(p + c, t, padded_heads);
    }
    for (Index c = 0; c < k; c += width) {
      const Index n = std::min(width, k - c);
      const T* rows = x.data + c;
      Index stride = x.stride;
      if (n < width) {
        pack_columns<T>(n, t, rows, stride, buffer);
        rows = buffer;
        stride = width;
      }
      each_tile(0, heads, [&](Index h, Index count) {
        multiply_tile<T, Order::column_major>(count, t, p + h, padded_heads, rows, stride, sums, width);
        for (Index r = 0; r < count; ++r)
          each_packet<T>(
              n, [&](Index j, auto mask) { P::load(sums + r * width + j).store(y + (h + r) * k + c + j, mask); });
      });
    }
  }

  /// Softmax over t rows `stride` apart, each lane a head.
  static void softmax(T* x, Index t, Index stride) {
    P maximum = P::load(x), sum{0};
    for (Index j = 1; j < t; ++j) maximum = max(maximum, P::load(x + j * stride));
    for (Index j = 0; j < t; ++j) {
      const P value = exp(P::load(x + j * stride) - maximum);
      value.store(x + j * stride);
      sum = sum + value;
    }
    for (Index j = 0; j < t; ++j) (P::load(x + j * stride) / sum).store(x + j * stride);
  }
};

}  // namespace clip::inline CLIP_ABI::cpu
