// clip/backend/cuda/kernels/language.cuh: CUDA's language for nvcc or for a host compiler: a launch, and shared memory.
//
// A host compiler needs a header that gives CUDA's words a meaning (the tests have one) and defines CLIP_CUDA_ON_HOST.
#pragma once

#include <clip/backend/cuda/launch.hpp>

#if defined(__CUDACC__)
#include <cuda_runtime.h>
/// Starts kernel(arguments…) in a stream.
#define CLIP_CUDA_LAUNCH(kernel, grid, block, stream, ...) \
  kernel<<<grid, block, 0, static_cast<cudaStream_t>(stream)>>>(__VA_ARGS__)
/// `count` values that the threads of a block share; uninitialised.
#define CLIP_CUDA_SHARED(type, name, count) __shared__ type name[count]
/// Before a loop whose turns are all written out: an array that it counts through stays in registers.
#define CLIP_CUDA_UNROLL _Pragma("unroll")
#elif defined(CLIP_CUDA_ON_HOST)
#define CLIP_CUDA_UNROLL
#else
#error "clip/backend/cuda/kernels: compiled by nvcc, or by a host compiler after a header with CUDA's words"
#endif
