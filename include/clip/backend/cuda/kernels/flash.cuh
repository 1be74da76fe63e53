// clip/backend/cuda/kernels/flash.cuh: attention of equal sequences that see all of themselves, on tensor cores.
//
// A block takes 64 rows of a head, a warp 16 of them, and passes over the rows that they see in tiles. Both sides of
// every product are rounded to bfloat16 and summed in float; scores are never written to memory. The head's columns are
// padded with zeros to D. Dao, "FlashAttention-2", 2023.
#pragma once

#include <clip/backend/cuda/kernels/instructions.cuh>
#include <clip/backend/cuda/kernels/work.cuh>

#include <cmath>

namespace clip_cuda::kernels {

/// `count` sequences of `length` rows each.
struct EqualSequences {
  Index count;
  int length, heads, d;

  __host__ __device__ int blocks() const { return (length + 63) / 64; }
};

inline constexpr int flash_rows = 64, flash_threads = flash_rows / 16 * lanes;

/// Rows of a head in shared memory: words of two columns.
template <int D>
struct FlashTile {
  static constexpr int pitch = D / 2 + 4;  // words; rows begin at different banks
  std::uint32_t* words;

  /// Rounds `rows` rows from `first` on; zeros beyond the sequence and beyond the head.
  __device__ void load(const In<float>& x, Index sequence, int first, int rows, const EqualSequences& s,
                       Index at) const {
    for (int e = static_cast<int>(threadIdx.x); e < rows * (D / 2); e += flash_threads) {
      const int r = e / (D / 2), c = e % (D / 2) * 2;
      const bool there = first + r < s.length;
      const float* const row = x.row(sequence + (there ? first + r : 0)) + at;
      words[r * pitch + c / 2] =
          two_bfloat16(there && c < s.d ? row[c] : 0.0f, there && c + 1 < s.d ? row[c + 1] : 0.0f);
    }
  }
  /// A lane's part of 16 rows × 16 columns as the left side.
  struct Left {
    std::uint32_t words[4];
  };
  __device__ Left left(int row, int j, int g, int t) const {
    const std::uint32_t* const at = words + (row + g) * pitch + 8 * j + t;
    return {{at[0], at[8 * pitch], at[4], at[8 * pitch + 4]}};
  }
  /// c += left (rows row … row + 7 of this tile, columns 16 j … 16 j + 15)ᵀ
  __device__ void multiply_transposed(float (&c)[4], const Left& l, int row, int j, int g, int t) const {
    const std::uint32_t* const at = words + (row + g) * pitch + 8 * j + t;
    multiply_16x8x16(c, {{l.words[0], l.words[1], l.words[2], l.words[3]}, {at[0], at[4]}});
  }
  /// c += left (rows row … row + 15 of this tile, columns 8 n … 8 n + 7)
  __device__ void multiply(float (&c)[4], const Left& l, int row, int n, int g, int t) const {
    multiply_16x8x16(c, {{l.words[0], l.words[1], l.words[2], l.words[3]},
                         {two_down(row + 2 * t, 8 * n + g), two_down(row + 2 * t + 8, 8 * n + g)}});
  }
  /// Sums of a lane in two neighbouring tiles of 8 columns as a left side.
  static __device__ Left of_sums(const float (&low)[4], const float (&high)[4]) {
    return {{two_bfloat16(low[0], low[1]), two_bfloat16(low[2], low[3]), two_bfloat16(high[0], high[1]),
             two_bfloat16(high[2], high[3])}};
  }

 private:
  __device__ std::uint32_t value(int row, int col) const {
    return words[row * pitch + col / 2] >> 16 * (col % 2) & 0xFFFFu;
  }
  __device__ std::uint32_t two_down(int row, int col) const { return value(row, col) | value(row + 1, col) << 16; }
};

/// y = softmax(q kᵀ/√d) v, saved : (rows, heads) = log Σ exp
template <int D>
__global__ void __launch_bounds__(flash_threads, 1)
    flash_attention_kernel(EqualSequences s, In<float> q, In<float> k, In<float> v, Out<float> y, Out<float> saved) {
  CLIP_CUDA_SHARED(std::uint32_t, room_k, flash_rows * FlashTile<D>::pitch);
  CLIP_CUDA_SHARED(std::uint32_t, room_v, flash_rows * FlashTile<D>::pitch);
  const FlashTile<D> keys{room_k}, values{room_v};
  const int warp = static_cast<int>(threadIdx.x) / lanes, g = static_cast<int>(threadIdx.x) % lanes / 4,
            t = static_cast<int>(threadIdx.x) % 4, head = static_cast<int>(blockIdx.y);
  const int block_row = static_cast<int>(blockIdx.x) % s.blocks() * flash_rows;
  const Index sequence = static_cast<Index>(blockIdx.x) / s.blocks() * s.length, at = static_cast<Index>(head) * s.d;
  constexpr float no_score = -1e30f;
  const float scale = 1.4426950408889634f / sqrtf(static_cast<float>(s.d));  // scores in powers of 2

  keys.load(q, sequence, block_row, flash_rows, s, at);
  __syncthreads();
  typename FlashTile<D>::Left query[D / 16];
  CLIP_CUDA_UNROLL
  for (int j = 0; j < D / 16; ++j) query[j] = keys.left(warp * 16, j, g, t);

  float sum[D / 8][4] = {}, most[2] = {no_score, no_score}, total[2] = {};
  for (int first = 0; first < s.length; first += flash_rows) {
    __syncthreads();
    keys.load(k, sequence, first, flash_rows, s, at);
    values.load(v, sequence, first, flash_rows, s, at);
    __syncthreads();
    float score[flash_rows / 8][4] = {};
    CLIP_CUDA_UNROLL
    for (int n = 0; n < flash_rows / 8; ++n) CLIP_CUDA_UNROLL
    for (int j = 0; j < D / 16; ++j) keys.multiply_transposed(score[n], query[j], 8 * n, j, g, t);
    CLIP_CUDA_UNROLL
    for (int r = 0; r < 2; ++r) {  // rows g and g + 8
      float largest = most[r];
      CLIP_CUDA_UNROLL
      for (int e = 0; e < flash_rows / 4; ++e) {
        float& x = score[e / 2][2 * r + e % 2];
        x = first + e / 2 * 8 + 2 * t + e % 2 < s.length ? x * scale : no_score;
        largest = fmaxf(largest, x);
      }
      largest = fmaxf(largest, __shfl_xor_sync(all_lanes, largest, 1));
      largest = fmaxf(largest, __shfl_xor_sync(all_lanes, largest, 2));
      const float keep = exp2f(most[r] - largest);
      most[r] = largest;
      total[r] *= keep;
      CLIP_CUDA_UNROLL
      for (int e = 0; e < flash_rows / 4; ++e) {
        float& x = score[e / 2][2 * r + e % 2];
        x = exp2f(x - largest);
        total[r] += x;
      }
      CLIP_CUDA_UNROLL
      for (int c = 0; c < D / 8; ++c) {
        sum[c][2 * r] *= keep;
        sum[c][2 * r + 1] *= keep;
      }
    }
    CLIP_CUDA_UNROLL
    for (int j = 0; j < flash_rows / 16; ++j) {
      const auto weights = FlashTile<D>::of_sums(score[2 * j], score[2 * j + 1]);
      CLIP_CUDA_UNROLL
      for (int c = 0; c < D / 8; ++c) values.multiply(sum[c], weights, 16 * j, c, g, t);
    }
  }
  CLIP_CUDA_UNROLL
  for (int r = 0; r < 2; ++r) {
    total[r] += __shfl_xor_sync(all_lanes, total[r], 1);
    total[r] += __shfl_xor_sync(all_lanes, total[r], 2);
    const int row = block_row + warp * 16 + g + 8 * r;
    if (row >= s.length) continue;
    CLIP_CUDA_UNROLL
    for (int e = 0; e < D / 4; ++e)
      if (const int col = e / 2 * 8 + 2 * t + e % 2; col < s.d)
        y(sequence + row, at + col) = sum[e / 2][2 * r + e % 2] / total[r];
    if (saved && t == 0) saved(sequence + row, head) = most[r] * 0.6931471805599453f + logf(total[r]);
  }
}

/// Attention on tensor cores, where the head has a size for it: whether it was launched (cuda/flash.cu).
bool flash_attention(Work& work, const EqualSequences& s, In<float> q, In<float> k, In<float> v, Out<float> y,
                     Out<float> saved);
/// Its gradients; along : (rows, heads) = dy·y
bool flash_attention_backward(Work& work, const EqualSequences& s, In<float> q, In<float> k, In<float> v,
                              In<float> saved, In<float> along, In<float> dy, Acc<float> dq, Acc<float> dk,
                              Acc<float> dv);

}  // namespace clip_cuda::kernels
