// clip/backend/cuda/kernels/tables.cuh: gather and scatter of table rows. The host sorts scattered rows into runs.
#pragma once

#include <clip/backend/cuda/kernels/work.cuh>

#include <cstddef>
#include <vector>

namespace clip_cuda::kernels {

/// d_i += table_{ids i}; nothing where the id is negative
template <class T>
void gather(Work& work, In<T> table, Ids ids, Acc<T> d) {
  const std::int32_t* const id = work.copy(ids);
  work.each(d.rows, d.cols, [=] __device__(Index i, Index j) { d.add(i, j, id[i] < 0 ? T(0) : table(id[i], j)); });
}

/// table_{ids i} += x_i, in the order of i, where the id is not negative. Row t adds the rows of its run,
/// order[begin[t]] … order[begin[t + 1] - 1]: a counting sort.
template <class T>
void scatter_add(Work& work, In<T> x, Ids ids, Acc<T> table) {
  const auto rows = static_cast<std::size_t>(table.rows), n = static_cast<std::size_t>(x.rows);
  std::vector<std::int32_t> runs(rows + 1 + n);  // begin, then order
  for (std::size_t i = 0; i < n; ++i)
    if (ids.data[i] >= 0) ++runs[static_cast<std::size_t>(ids.data[i]) + 1];
  for (std::size_t t = 0; t < rows; ++t) runs[t + 1] += runs[t];
  std::vector<std::int32_t> next{runs.begin(), runs.begin() + table.rows};
  for (std::size_t i = 0; i < n; ++i)
    if (ids.data[i] >= 0)
      runs[rows + 1 + static_cast<std::size_t>(next[static_cast<std::size_t>(ids.data[i])]++)] =
          static_cast<std::int32_t>(i);
  const std::int32_t* const begin = work.copy(runs.data(), static_cast<Index>(runs.size()));
  const std::int32_t* const order = begin + table.rows + 1;
  work.each(table.rows, table.cols, [=] __device__(Index t, Index j) {
    T sum = table.fresh ? T(0) : table(t, j);
    for (std::int32_t r = begin[t]; r < begin[t + 1]; ++r) sum += x(order[r], j);
    table(t, j) = sum;
  });
}

}  // namespace clip_cuda::kernels
