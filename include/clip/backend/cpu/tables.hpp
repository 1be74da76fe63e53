// clip/backend/cpu/tables.hpp: rows taken from tables, images cut into patches.
#pragma once

#include <clip/backend/cpu/simd/loops.hpp>
#include <clip/core/sequences.hpp>

#include <algorithm>
#include <cstdint>

namespace clip::inline CLIP_ABI {

template <class T, class Self>
struct CpuTables {
  /// y_i += table_{ids i}; nothing where the id is negative
  void gather(In<T> table, Ids ids, Acc<T> y) {
    each_row(crew(), y.rows, y.cols, [&](Index i) {
      if (const std::int32_t id = ids[static_cast<std::size_t>(i)]; id >= 0)
        add_row(table.row(id), y.row(i), y.fresh, y.cols);
      else if (y.fresh) std::fill_n(y.row(i), y.cols, T(0));
    });
  }

  /// table_{ids i} += x_i, in the order of i, where the id is not negative; threads share the columns.
  void scatter_add(In<T> x, Ids ids, Acc<T> table) {
    if (table.fresh)
      each_row(crew(), table.rows, table.cols, [&](Index i) { std::fill_n(table.row(i), table.cols, T(0)); });
    const Index wide = x.count() <= small_work ? std::max<Index>(x.cols, 1) : 64;
    Crew::Shift shift{crew()};
    shift.template parallel<T>(pieces(x.cols, wide), 0, [&](Index task, T*) {
      const Index j = task * wide, n = std::min(wide, x.cols - j);
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
  using P = Pack<T>;
  Crew& crew() { return static_cast<Self&>(*this).crew(); }

  /// visit(image, first pixel, row of patches, first column) for every run of `patch` values that lie together in both.
  template <class F>
  void runs(Index images, Index channels, Index size, Index patch, F&& visit) {
    const Index grid = size / patch;
    each_row(crew(), images * grid, channels * patch * size, [&](Index band) {  // a band of patches across an image
      for (Index c = 0; c < channels; ++c)
        for (Index py = 0; py < patch; ++py)
          for (Index gx = 0; gx < grid; ++gx)
            visit(band / grid, (c * size + band % grid * patch + py) * size + gx * patch, band * grid + gx,
                  (c * patch + py) * patch);
    });
  }

  static void add_row(const T* from, T* to, bool fresh, Index n) {
    along<T>(n, [&](Index j, auto part) { accumulate(to + j, fresh, P::load(from + j, part), part); });
  }
};

}  // namespace clip::inline CLIP_ABI
