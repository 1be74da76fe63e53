// clip/backend/cuda/kernels/tensor_products.cuh: products of float on tensor cores, both sides rounded to bfloat16.
#pragma once

#include <clip/backend/cuda/kernels/instructions.cuh>

namespace clip_cuda::kernels {

inline constexpr int tensor_tile = 64, tensor_depth = 32, tensor_words = tensor_depth / 2 + 4, tensor_threads = 128;

/// finish(i, j, Σ_k a(i, k) b(k, j)) for every element of an m × n matrix: a block 64 × 64, a warp 16 rows of them.
/// Terms of 16 k are added by the core, and these in order.
template <bool a_along, bool b_along, class A, class B, class Finish>
__global__ void __launch_bounds__(tensor_threads, 1)
    product_on_tensor_cores(Index m, Index n, Index k, A a, B b, Finish finish) {
  CLIP_CUDA_SHARED(std::uint32_t, left, tensor_tile * tensor_words);  // rows of words of two values
  CLIP_CUDA_SHARED(std::uint32_t, right, tensor_tile * tensor_words);
  const int thread = static_cast<int>(threadIdx.x), warp = thread / lanes, g = thread % lanes / 4, t = thread % 4;
  const Index i0 = static_cast<Index>(blockIdx.x) * tensor_tile, j0 = static_cast<Index>(blockIdx.y) * tensor_tile;
  const auto a_at = [&](Index i, Index kk) { return i < m && kk < k ? a(i, kk) : 0.0f; };
  const auto b_at = [&](Index kk, Index j) { return j < n && kk < k ? b(kk, j) : 0.0f; };
  float sum[tensor_tile / 8][4] = {};
  for (Index k0 = 0; k0 < k; k0 += tensor_depth) {
    constexpr int words = tensor_depth / 2;
    for (int e = thread; e < tensor_tile * words; e += tensor_threads) {
      const int ka = a_along ? e % words : e / tensor_tile, ia = a_along ? e / words : e % tensor_tile;
      const int kb = b_along ? e % words : e / tensor_tile, jb = b_along ? e / words : e % tensor_tile;
      left[ia * tensor_words + ka] = two_bfloat16(a_at(i0 + ia, k0 + 2 * ka), a_at(i0 + ia, k0 + 2 * ka + 1));
      right[jb * tensor_words + kb] = two_bfloat16(b_at(k0 + 2 * kb, j0 + jb), b_at(k0 + 2 * kb + 1, j0 + jb));
    }
    __syncthreads();
    for (int kk = 0; kk < words; kk += 8) {
      const std::uint32_t* const of_a = &left[(warp * 16 + g) * tensor_words + kk + t];
      for (int c = 0; c < tensor_tile / 8; ++c) {
        const std::uint32_t* const of_b = &right[(c * 8 + g) * tensor_words + kk + t];
        multiply_16x8x16(sum[c],
                         {{of_a[0], of_a[8 * tensor_words], of_a[4], of_a[8 * tensor_words + 4]}, {of_b[0], of_b[4]}});
      }
    }
    __syncthreads();
  }
  CLIP_CUDA_UNROLL
  for (int e = 0; e < tensor_tile / 2; ++e) {
    const int c = e / 4, part = e % 4;
    const Index i = i0 + warp * 16 + g + part / 2 * 8, j = j0 + c * 8 + 2 * t + part % 2;
    if (i < m && j < n) finish(i, j, sum[c][part]);
  }
}

}  // namespace clip_cuda::kernels
