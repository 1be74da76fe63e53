// clip/backend/cpu/simd/loops.hpp: element by element over matrices, in packets and in parallel.
#pragma once

#include <clip/backend/cpu/simd/simd.hpp>
#include <clip/backend/cpu/threads/workers.hpp>
#include <clip/core/view.hpp>

#include <algorithm>

namespace clip::inline CLIP_ABI {

/// Below this many values a loop is not worth waking anybody for.
inline constexpr Index small_work = 16384;

/// f(i, j, part) for every packet of a (rows, cols) matrix; without gaps between rows it is one long row.
template <class T, class F>
void each_pack(Crew& crew, Index rows, Index cols, bool contiguous, F&& f) {
  if (contiguous) cols *= rows, rows = 1;
  if (rows * cols == 0) return;
  if (rows * cols <= small_work) {
    for (Index i = 0; i < rows; ++i) along<T>(cols, [&](Index j, auto part) { f(i, j, part); });
    return;
  }
  const Index width = std::min<Index>(cols, 8192), across = pieces(cols, width),
              high = std::max<Index>(1, 8192 / width);
  Crew::Shift shift{crew};
  shift.parallel<T>(pieces(rows, high) * across, 0, [&](Index task, T*) {
    const Index top = task / across * high, left = task % across * width;
    for (Index i = top; i < std::min(rows, top + high); ++i)
      along<T>(std::min(width, cols - left), [&](Index j, auto part) { f(i, left + j, part); });
  });
}

/// f(i) for every row, in blocks of about `small_work` / 2 values.
template <class F>
void each_row(Crew& crew, Index rows, Index cols, F&& f) {
  const Index high = std::max<Index>(1, small_work / 2 / std::max<Index>(cols, 1));
  if (rows <= 2 * high) {
    for (Index i = 0; i < rows; ++i) f(i);
    return;
  }
  Crew::Shift shift{crew};
  shift.parallel<char>(pieces(rows, high), 0, [&](Index task, char*) {
    for (Index i = task * high; i < std::min(rows, (task + 1) * high); ++i) f(i);
  });
}

/// target += value, or = value while it is fresh.
template <class T, class P>
void accumulate(T* target, bool fresh, Pack<T> value, P part) {
  (fresh ? value : Pack<T>::load(target, part) + value).store(target, part);
}

/// sum(0, j) += Σ over `count` partial rows of n values, `stride` apart, in their order.
template <class T>
void add_partials(const T* partials, Index count, Index stride, const Acc<T>& sum) {
  along<T>(sum.cols, [&](Index j, auto part) {
    Pack<T> total{0};
    for (Index b = 0; b < count; ++b) total = total + Pack<T>::load(partials + b * stride + j, part);
    accumulate(sum.row(0) + j, sum.fresh, total, part);
  });
}

}  // namespace clip::inline CLIP_ABI
