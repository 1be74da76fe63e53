// clip/backend/naive/query_attention.hpp: attention of one query per sequence over its rows, in plain loops.
#pragma once

#include <clip/core/weights.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

namespace clip::inline CLIP_ABI {

template <class T>
struct NaiveQueryAttention {
  /// For sequence i of t rows and head h of d = q.cols / heads columns:
  ///   u = q_h w_h / √d,   y_h = Σ_j softmax_j(u · x_j) x_j
  ///   q : (n, heads · d), x : (n t, k), w : (heads · d, k), y : (n, heads · k)
  void query_attention(In<T> q, In<T> x, Weights<T> w, Index heads, Out<T> y) {
    const Index n = q.rows, d = q.cols / heads, k = x.cols, t = x.rows / std::max<Index>(n, 1);
    const T scale = 1 / std::sqrt(static_cast<T>(d));
    std::vector<T> u(static_cast<std::size_t>(k)), score(static_cast<std::size_t>(t));
    for (Index i = 0; i < n; ++i)
      for (Index h = 0; h < heads; ++h) {
        for (Index c = 0; c < k; ++c) {
          T sum = 0;
          for (Index j = h * d; j < (h + 1) * d; ++j) sum += q(i, j) * w(j, c);
          u[static_cast<std::size_t>(c)] = scale * sum;
        }
        for (Index j = 0; j < t; ++j) {
          T sum = 0;
          for (Index c = 0; c < k; ++c) sum += u[static_cast<std::size_t>(c)] * x(i * t + j, c);
          score[static_cast<std::size_t>(j)] = sum;
        }
        const T most = *std::max_element(score.begin(), score.end());
        T total = 0;
        for (T& s : score) total += s = std::exp(s - most);
        for (Index c = 0; c < k; ++c) {
          T sum = 0;
          for (Index j = 0; j < t; ++j) sum += score[static_cast<std::size_t>(j)] * x(i * t + j, c);
          y(i, h * k + c) = sum / total;
        }
      }
  }
};

}  // namespace clip::inline CLIP_ABI
