// clip/backend/naive/tables.hpp: gather and scatter of table rows, in plain loops.
#pragma once

#include <clip/core/sequences.hpp>
#include <clip/core/view.hpp>

#include <cstddef>
#include <cstdint>

namespace clip::inline CLIP_ABI {

template <class T>
struct NaiveTables {
  /// y_i += table_{ids i}; nothing where the id is negative
  void gather(In<T> table, Ids ids, Acc<T> y) {
    for (Index i = 0; i < y.rows; ++i) {
      const std::int32_t id = ids[static_cast<std::size_t>(i)];
      for (Index j = 0; j < y.cols; ++j) y.add(i, j, id < 0 ? T(0) : table(id, j));
    }
  }

  /// table_{ids i} += x_i, in the order of i, where the id is not negative
  void scatter_add(In<T> x, Ids ids, Acc<T> table) {
    if (table.fresh)
      for (Index i = 0; i < table.rows; ++i)
        for (Index j = 0; j < table.cols; ++j) table(i, j) = 0;
    for (Index i = 0; i < x.rows; ++i)
      if (const std::int32_t id = ids[static_cast<std::size_t>(i)]; id >= 0)
        for (Index j = 0; j < x.cols; ++j) table(id, j) += x(i, j);
  }
};

}  // namespace clip::inline CLIP_ABI
