// clip/backend/cuda/kernels/sums.cuh: sums over the rows of a matrix in an order that depends on their number alone.
//
// A block adds the terms of a chunk of rows, whose length is a function of the number of rows; a second kernel adds the
// chunks in their order. There are no atomic additions.
#pragma once

#include <clip/backend/cuda/kernels/work.cuh>

namespace clip_cuda::kernels {

/// Two sums at once.
template <class T>
struct Pair {
  T first, second;
  __device__ Pair& operator+=(const Pair& other) {
    first += other.first;
    second += other.second;
    return *this;
  }
};

inline constexpr int sum_threads = 8;  // of a column, in a block

/// partial(g chunks + c, j) = Σ of term(i, j) over the rows of chunk c of group g
template <class V, class Term>
__global__ void __launch_bounds__(lanes* sum_threads)
    sum_chunks(Index rows, Index cols, Index chunk, Term term, V* partial) {
  CLIP_CUDA_SHARED(V, room, lanes * sum_threads);
  const int lane = static_cast<int>(threadIdx.x), part = static_cast<int>(threadIdx.y);
  const Index j = static_cast<Index>(blockIdx.z) * lanes + lane, group = blockIdx.x;
  const Index begin = static_cast<Index>(blockIdx.y) * chunk, end = begin + chunk < rows ? begin + chunk : rows;
  V sum{};
  if (j < cols)
    for (Index r = begin + part; r < end; r += sum_threads) sum += term(group * rows + r, j);
  room[part * lanes + lane] = sum;
  __syncthreads();
  if (part != 0 || j >= cols) return;
  for (int p = 1; p < sum_threads; ++p) sum += room[p * lanes + lane];
  partial[(group * gridDim.y + blockIdx.y) * cols + j] = sum;
}

/// done(g, j, Σ over the rows i of group g of term(i, j)); group g has rows g · rows … (g + 1) rows - 1.
template <class V, class Term, class Done>
void sum_rows(Work& work, Index groups, Index rows, Index cols, const Term& term, const Done& done) {
  constexpr Index least = 64, most_chunks = 64;
  const Index chunk = least * std::max<Index>(1, (rows + least * most_chunks - 1) / (least * most_chunks));
  const Index chunks = std::max<Index>(1, (rows + chunk - 1) / chunk);
  V* const partial = work.room<V>(groups * chunks * cols);
  work.launch(sum_chunks<V, Term>,
              dim3(static_cast<unsigned>(groups), static_cast<unsigned>(chunks), Work::blocks(cols, lanes, 65535)),
              dim3(static_cast<unsigned>(lanes), static_cast<unsigned>(sum_threads)), rows, cols, chunk, term, partial);
  work.each(groups, cols, [=] __device__(Index g, Index j) {
    V sum = partial[g * chunks * cols + j];
    for (Index c = 1; c < chunks; ++c) sum += partial[(g * chunks + c) * cols + j];
    done(g, j, sum);
  });
}

/// done(Σ of term(i, j) over all elements), whose order depends on their number alone.
template <class V, class Term, class Done>
void sum_all(Work& work, Index rows, Index cols, const Term& term, const Done& done) {
  const Index n = rows * cols;
  V* const columns = work.room<V>(lanes);
  sum_rows<V>(
      work, 1, (n + lanes - 1) / lanes, lanes,
      [=] __device__(Index r, Index lane) {
        const Index at = r * lanes + lane;
        return at < n ? term(at / cols, at % cols) : V{};
      },
      [=] __device__(Index, Index lane, V sum) { columns[lane] = sum; });
  work.each(1, 1, [=] __device__(Index, Index) {
    V sum = columns[0];
    for (int lane = 1; lane < lanes; ++lane) sum += columns[lane];
    done(sum);
  });
}

/// sum += Σ rows of x
template <class T>
void column_sum(Work& work, In<T> x, Acc<T> sum) {
  sum_rows<T>(
      work, 1, x.rows, x.cols, [=] __device__(Index i, Index j) { return x(i, j); },
      [=] __device__(Index, Index j, T total) { sum.add(0, j, total); });
}

}  // namespace clip_cuda::kernels
