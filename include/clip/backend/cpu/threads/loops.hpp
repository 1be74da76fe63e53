// clip/backend/cpu/threads/loops.hpp: parallel loops over packets and rows, deterministic sums.
#pragma once

#include <clip/backend/cpu/simd/loops.hpp>
#include <clip/backend/cpu/threads/workers.hpp>
#include <clip/core/view.hpp>

#include <algorithm>

namespace clip::inline CLIP_ABI::cpu {

/// Loops over fewer values run on the calling thread: waking the workers would cost more.
inline constexpr Index serial_limit = 16384;

/// f(i, j, mask) for every packet of a (rows, cols) matrix. A contiguous matrix is treated as one long row.
template <class T, class F>
void parallel_packets(Workers& workers, Index rows, Index cols, bool contiguous, F&& f) {
  if (contiguous) {
    cols *= rows;
    rows = 1;
  }
  if (rows * cols == 0) return;
  if (rows * cols <= serial_limit) {
    for (Index i = 0; i < rows; ++i) each_packet<T>(cols, [&](Index j, auto mask) { f(i, j, mask); });
    return;
  }
  const Index block_cols = std::min<Index>(cols, 8192), blocks_across = ceil_div(cols, block_cols);
  const Index block_height = std::max<Index>(1, 8192 / block_cols);
  ParallelRegion region{workers};
  region.parallel<T>(ceil_div(rows, block_height) * blocks_across, 0, [&](Index task, T*) {
    const Index top = task / blocks_across * block_height, left = task % blocks_across * block_cols;
    for (Index i = top; i < std::min(rows, top + block_height); ++i)
      each_packet<T>(std::min(block_cols, cols - left), [&](Index j, auto mask) { f(i, left + j, mask); });
  });
}

/// f(i) for every row, in blocks of about `serial_limit` / 2 values.
template <class F>
void parallel_rows(Workers& workers, Index rows, Index cols, F&& f) {
  const Index block = std::max<Index>(1, serial_limit / 2 / std::max<Index>(cols, 1));
  if (rows <= 2 * block) {
    for (Index i = 0; i < rows; ++i) f(i);
    return;
  }
  ParallelRegion region{workers};
  region.parallel<char>(ceil_div(rows, block), 0, [&](Index task, char*) {
    for (Index i = task * block; i < std::min(rows, (task + 1) * block); ++i) f(i);
  });
}

/// sum(0, j) += Σ over `count` partial sums, rows of n values `stride` apart, in their order.
template <class T>
void sum_partials(const T* partials, Index count, Index stride, const Acc<T>& sum) {
  each_packet<T>(sum.cols, [&](Index j, auto mask) {
    Simd<T> total{0};
    for (Index b = 0; b < count; ++b) total = total + Simd<T>::load(partials + b * stride + j, mask);
    accumulate(sum.row(0) + j, sum.fresh, total, mask);
  });
}

}  // namespace clip::inline CLIP_ABI::cpu
