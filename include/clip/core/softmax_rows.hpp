// clip/core/softmax_rows.hpp: softmax of the rows of a matrix in host memory.
#pragma once

#include <clip/core/view.hpp>

#include <algorithm>
#include <cmath>

namespace clip::inline CLIP_ABI::detail {

/// p = softmax(factor · p), row by row
template <class T>
void softmax_rows(View<T> p, double factor) {
  for (Index i = 0; i < p.rows; ++i) {
    T* row = p.row(i);
    const T most = *std::max_element(row, row + p.cols);
    T sum = 0;
    for (Index j = 0; j < p.cols; ++j) {
      row[j] = std::exp(static_cast<T>(factor) * (row[j] - most));
      sum += row[j];
    }
    for (Index j = 0; j < p.cols; ++j) row[j] /= sum;
  }
}

}  // namespace clip::inline CLIP_ABI::detail
