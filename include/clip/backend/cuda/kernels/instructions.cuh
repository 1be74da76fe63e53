// clip/backend/cuda/kernels/instructions.cuh: instructions that only a GPU has, each with a twin in plain loops.
#pragma once

#include <clip/backend/cuda/kernels/values.cuh>

#include <cstdint>

#if !defined(__CUDACC__)
#include <clip/core/half.hpp>
#endif

namespace clip_cuda::kernels {

/// Two floats rounded to bfloat16, the first in the lower half.
__device__ inline std::uint32_t two_bfloat16(float low, float high) {
#if defined(__CUDACC__)
  std::uint32_t word;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(word) : "f"(high), "f"(low));
  return word;
#else
  return clip::float_to_bfloat16(low) | static_cast<std::uint32_t>(clip::float_to_bfloat16(high)) << 16;
#endif
}

/// One lane's part of a (16 × 16, row-major) and b (16 × 8, column-major), in bfloat16: words of two values.
/// With g = lane / 4 and t = lane % 4:
///   a = rows g and g + 8 at columns 2t, then both at columns 2t + 8;   b = column g at rows 2t and 2t + 8
struct Fragments {
  std::uint32_t a[4], b[2];
};

/// c += a b, summed in float: a warp's 16 × 8. c = row g at columns 2t and 2t + 1, then row g + 8.
__device__ inline void multiply_16x8x16(float (&c)[4], const Fragments& f) {
#if defined(__CUDACC__)
  asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(f.a[0]), "r"(f.a[1]), "r"(f.a[2]), "r"(f.a[3]), "r"(f.b[0]), "r"(f.b[1]));
#else
  const auto half = [](std::uint32_t word, int i) {
    return clip::bfloat16_to_float(static_cast<std::uint16_t>(i ? word >> 16 : word & 0xFFFFu));
  };
  Fragments of[lanes];
  clip_cuda_on_host::gather_lanes(f, of);
  const int g = clip_cuda_on_host::lane() / 4, t = clip_cuda_on_host::lane() % 4;
  for (int i = 0; i < 4; ++i) {
    const int row = g + i / 2 * 8, col = 2 * t + i % 2;
    for (int k = 0; k < 16; ++k) {
      const int owner = k % 8 / 2, part = k / 8;
      c[i] += half(of[row % 8 * 4 + owner].a[row / 8 + 2 * part], k % 2) * half(of[col * 4 + owner].b[part], k % 2);
    }
  }
#endif
}

}  // namespace clip_cuda::kernels
