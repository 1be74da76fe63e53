// clip/backend/cpu/tables.hpp: table lookup (gather, scatter_add), patches of images, class and mean tokens.
#pragma once

#include <clip/backend/cpu/threads/loops.hpp>
#include <clip/core/sequences.hpp>

#include <algorithm>
#include <cstdint>

namespace clip::inline CLIP_ABI::cpu {

template <class T, class Self>
struct TablePrimitives {
  /// y_i += table_{ids i}; a negative id adds nothing
  void gather(In<T> table, Ids ids, Acc<T> y) {
    parallel_rows(workers(), y.rows, y.cols, [&](Index i) {
      if (const std::int32_t id = ids[static_cast<std::size_t>(i)]; id >= 0)
        add_row(table.row(id), y.row(i), y.fresh, y.cols);
      else if (y.fresh) std::fill_n(y.row(i), y.cols, T(0));
    });
  }

  /// table_{ids i} += x_i, in the order of i; negative ids are skipped. Threads divide the columns.
  void scatter_add(In<T> x, Ids ids, Acc<T> table) {
    if (table.fresh)
      parallel_rows(workers(), table.rows, table.cols, [&](Index i) { std::fill_n(table.row(i), table.cols, T(0)); });
    const Index columns_per_task = x.count() <= serial_limit ? std::max<Index>(x.cols, 1) : 64;
    ParallelRegion region{workers()};
    region.template parallel<T>(ceil_div(x.cols, columns_per_task), 0, [&](Index task, T*) {
      const Index j = task * columns_per_task, n = std::min(columns_per_task, x.cols - j);
      for (Index i = 0; i < x.rows; ++i)
        if (const std::int32_t id = ids[static_cast<std::size_t>(i)]; id >= 0)
          add_row(x.row(i) + j, table.row(id) + j, false, n);
    });
  }

  /// Every image (channels, size, size) as g × g rows (channels, p, p).
  void patches(In<T> images, Index channels, Index size, Index patch, Out<T> y) {
    runs(images.rows, channels, size, patch, [&](Index n, Index pixel, Index row, Index col) {
      std::copy_n(images.row(n) + pixel, patch, y.row(row) + col);
    });
  }

  /// Derivative of `patches`.
  void patches_backward(In<T> dy, Index channels, Index size, Index patch, Acc<T> dimages) {
    runs(dimages.rows, channels, size, patch, [&](Index n, Index pixel, Index row, Index col) {
      add_row(dy.row(row) + col, dimages.row(n) + pixel, dimages.fresh, patch);
    });
  }

 private:
  using P = Simd<T>;
  Workers& workers() { return static_cast<Self&>(*this).workers(); }

  /// visit(image, first pixel, row of patches, first column) for every run of `patch` values that is contiguous in
  /// both.
  template <class F>
  void runs(Index images, Index channels, Index size, Index patch, F&& visit) {
    const Index grid = size / patch;
    // A band is a row of patches of one image.
    parallel_rows(workers(), images * grid, channels * patch * size, [&](Index band) {
      for (Index c = 0; c < channels; ++c)
        for (Index py = 0; py < patch; ++py)
          for (Index gx = 0; gx < grid; ++gx)
            visit(band / grid, (c * size + band % grid * patch + py) * size + gx * patch, band * grid + gx,
                  (c * patch + py) * patch);
    });
  }

  static void add_row(const T* from, T* to, bool fresh, Index n) {
    each_packet<T>(n, [&](Index j, auto mask) { accumulate(to + j, fresh, P::load(from + j, mask), mask); });
  }
};

}  // namespace clip::inline CLIP_ABI::cpu
