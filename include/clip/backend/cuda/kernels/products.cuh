// clip/backend/cuda/kernels/products.cuh: matrix products in tiles, for any reader of their two sides.
//
// A block computes 64 × 64 elements, a thread 4 × 4 of them. The terms of an element are added one after the other, so
// its bits depend on the length of the sum alone. Both sides are read through functions: transposes, windows of images
// and rows of a table are the same product. Plain products are a library's where the device has one and it takes them.
#pragma once

#include <clip/backend/cuda/kernels/functions.cuh>
#include <clip/backend/cuda/kernels/library_products.cuh>
#include <clip/backend/cuda/kernels/tensor_products.cuh>
#include <clip/backend/cuda/kernels/work.cuh>

namespace clip_cuda::kernels {

inline constexpr int tile = 64, depth = 16, pitch = tile + 4, product_threads = 256;

/// finish(i, j, Σ_k a(i, k) b(k, j)) for every element of an m × n matrix.
///   a_along, b_along: neighbours in memory are neighbours in k
template <class T, bool a_along, bool b_along, class A, class B, class Finish>
__global__ void __launch_bounds__(product_threads, 1)
    product_in_tiles(Index m, Index n, Index k, A a, B b, Finish finish) {
  CLIP_CUDA_SHARED(T, left, depth * pitch);
  CLIP_CUDA_SHARED(T, right, depth * pitch);
  const int thread = static_cast<int>(threadIdx.x), row = thread / 16 * 4, col = thread % 16 * 4;
  const Index i0 = static_cast<Index>(blockIdx.x) * tile, j0 = static_cast<Index>(blockIdx.y) * tile;
  T sum[4][4] = {};
  for (Index k0 = 0; k0 < k; k0 += depth) {
    for (int e = thread; e < tile * depth; e += product_threads) {
      const int ka = a_along ? e % depth : e / tile, ia = a_along ? e / depth : e % tile;
      const int kb = b_along ? e % depth : e / tile, jb = b_along ? e / depth : e % tile;
      left[ka * pitch + ia] = k0 + ka < k && i0 + ia < m ? a(i0 + ia, k0 + ka) : T(0);
      right[kb * pitch + jb] = k0 + kb < k && j0 + jb < n ? b(k0 + kb, j0 + jb) : T(0);
    }
    __syncthreads();
    for (int kk = 0; kk < depth; ++kk)
      for (int r = 0; r < 4; ++r)
        for (int c = 0; c < 4; ++c) sum[r][c] += left[kk * pitch + row + r] * right[kk * pitch + col + c];
    __syncthreads();
  }
  CLIP_CUDA_UNROLL
  for (int e = 0; e < 16; ++e)
    if (const Index i = i0 + row + e / 4, j = j0 + col + e % 4; i < m && j < n) finish(i, j, sum[e / 4][e % 4]);
}

/// The same, on tensor cores where products of float may round their sides to bfloat16.
template <class T, bool a_along, bool b_along, class A, class B, class Finish>
void product(Work& work, Index m, Index n, Index k, const A& a, const B& b, const Finish& finish) {
  const dim3 grid(Work::blocks(m, tile), Work::blocks(n, tile, 65535));
  if constexpr (std::is_same_v<T, float>)
    if (work.reduced())
      return work.launch(product_on_tensor_cores<a_along, b_along, A, B, Finish>, grid, dim3(tensor_threads), m, n, k,
                         a, b, finish);
  work.launch(product_in_tiles<T, a_along, b_along, A, B, Finish>, grid, dim3(product_threads), m, n, k, a, b, finish);
}

template <class T>
void linear(Work& work, In<T> x, In<T> w, const Epilogue<T>& epilogue, Out<T> y) {
  if (multiplied_by_library<T>(work, {x, false}, {w, true}, epilogue, y)) return;
  product<T, true, true>(
      work, y.rows, y.cols, x.cols, [=] __device__(Index i, Index k) { return x(i, k); },
      [=] __device__(Index k, Index j) { return w(j, k); },
      [=] __device__(Index i, Index j, T sum) { epilogue.finish(i, j, sum, y); });
}

template <class T>
void project(Work& work, In<T> x, In<T> p, const Epilogue<T>& epilogue, Out<T> y) {
  if (multiplied_by_library<T>(work, {x, false}, {p, false}, epilogue, y)) return;
  product<T, true, false>(
      work, y.rows, y.cols, x.cols, [=] __device__(Index i, Index k) { return x(i, k); },
      [=] __device__(Index k, Index j) { return p(k, j); },
      [=] __device__(Index i, Index j, T sum) { epilogue.finish(i, j, sum, y); });
}

/// c += aᵀ b
template <class T>
void outer(Work& work, In<T> a, In<T> b, Acc<T> c) {
  if (added_by_library<T>(work, {a, true}, {b, false}, c)) return;
  product<T, false, false>(
      work, c.rows, c.cols, a.rows, [=] __device__(Index i, Index r) { return a(r, i); },
      [=] __device__(Index r, Index j) { return b(r, j); },
      [=] __device__(Index i, Index j, T sum) { c.add(i, j, sum); });
}

}  // namespace clip_cuda::kernels
