// clip/backend/cuda/kernels/flash_backward.cuh: gradients of attention of equal sequences, on tensor cores.
//
// With s = x uᵀ, p = exp(s/√d - log Σ exp) and ds = p (a wᵀ - D)/√d there are two passes of one form, each of which owns
// the rows that it writes, so that nothing is added atomically:
//   queries:  x = q, u = k, a = dy, w = v:   dq += ds k
//   keys:     x = k, u = q, a = v, w = dy:   dk += dsᵀ q,   dv += pᵀ dy
#pragma once

#include <clip/backend/cuda/kernels/flash.cuh>

namespace clip_cuda::kernels {

/// The pass of the keys, or of the queries: `of_scores` is dk or dq, `of_values` is dv.
template <int D, bool keys>
__global__ void __launch_bounds__(flash_threads, 1)
    flash_gradient_kernel(EqualSequences s, In<float> x, In<float> a, In<float> u, In<float> w, In<float> saved,
                          In<float> along, Acc<float> of_scores, Acc<float> of_values) {
  constexpr int seen = D > 96 ? 16 : 32;  // rows of a tile of u and w: all four tiles fit in 48 KiB
  CLIP_CUDA_SHARED(std::uint32_t, room_x, flash_rows * FlashTile<D>::pitch);
  CLIP_CUDA_SHARED(std::uint32_t, room_a, flash_rows * FlashTile<D>::pitch);
  CLIP_CUDA_SHARED(std::uint32_t, room_u, seen * FlashTile<D>::pitch);
  CLIP_CUDA_SHARED(std::uint32_t, room_w, seen * FlashTile<D>::pitch);
  const FlashTile<D> own_x{room_x}, own_a{room_a}, other_u{room_u}, other_w{room_w};
  const int warp = static_cast<int>(threadIdx.x) / lanes, g = static_cast<int>(threadIdx.x) % lanes / 4,
            t = static_cast<int>(threadIdx.x) % 4, head = static_cast<int>(blockIdx.y);
  const int block_row = static_cast<int>(blockIdx.x) % s.blocks() * flash_rows;
  const Index sequence = static_cast<Index>(blockIdx.x) / s.blocks() * s.length, at = static_cast<Index>(head) * s.d;
  const float scale = 1 / sqrtf(static_cast<float>(s.d));

  own_x.load(x, sequence, block_row, flash_rows, s, at);
  own_a.load(a, sequence, block_row, flash_rows, s, at);
  float sum[D / 8][4] = {}, sum_of_values[keys ? D / 8 : 1][4] = {};
  for (int first = 0; first < s.length; first += seen) {
    __syncthreads();
    other_u.load(u, sequence, first, seen, s, at);
    other_w.load(w, sequence, first, seen, s, at);
    __syncthreads();
    float p[seen / 8][4] = {}, ds[seen / 8][4] = {};
    CLIP_CUDA_UNROLL
    for (int j = 0; j < D / 16; ++j) {
      const auto left_x = own_x.left(warp * 16, j, g, t), left_a = own_a.left(warp * 16, j, g, t);
      CLIP_CUDA_UNROLL
      for (int n = 0; n < seen / 8; ++n) {
        other_u.multiply_transposed(p[n], left_x, 8 * n, j, g, t);
        other_w.multiply_transposed(ds[n], left_a, 8 * n, j, g, t);
      }
    }
    CLIP_CUDA_UNROLL
    for (int e = 0; e < seen / 2; ++e) {
      const int row = block_row + warp * 16 + g + e % 4 / 2 * 8, other = first + e / 4 * 8 + 2 * t + e % 2;
      const bool there = row < s.length && other < s.length;
      const Index query = sequence + (keys ? other : row);
      float &share = p[e / 4][e % 4], &slope = ds[e / 4][e % 4];
      share = there ? expf(share * scale - saved(query, head)) : 0;
      slope = there ? share * (slope - along(query, head)) * scale : 0;
    }
    CLIP_CUDA_UNROLL
    for (int j = 0; j < seen / 16; ++j) {
      const auto of_ds = FlashTile<D>::of_sums(ds[2 * j], ds[2 * j + 1]);
      CLIP_CUDA_UNROLL
      for (int c = 0; c < D / 8; ++c) other_u.multiply(sum[c], of_ds, 16 * j, c, g, t);
      if constexpr (keys) {
        const auto of_p = FlashTile<D>::of_sums(p[2 * j], p[2 * j + 1]);
        CLIP_CUDA_UNROLL
        for (int c = 0; c < D / 8; ++c) other_w.multiply(sum_of_values[c], of_p, 16 * j, c, g, t);
      }
    }
  }
  CLIP_CUDA_UNROLL
  for (int e = 0; e < D / 2; ++e) {
    const int row = block_row + warp * 16 + g + e % 4 / 2 * 8, col = e / 4 * 8 + 2 * t + e % 2;
    if (row >= s.length || col >= s.d) continue;
    if (of_scores) of_scores.add(sequence + row, at + col, sum[e / 4][e % 4]);
    if constexpr (keys)
      if (of_values) of_values.add(sequence + row, at + col, sum_of_values[e / 4][e % 4]);
  }
}

}  // namespace clip_cuda::kernels
