// cuda/convolving.cu: launch functions of the convolving list.
#include <clip/backend/cuda/kernels/batch_norm.cuh>
#include <clip/backend/cuda/kernels/depthwise.cuh>
#include <clip/backend/cuda/kernels/dispatch.cuh>
#include <clip/backend/cuda/kernels/pooling.cuh>
#include <clip/backend/cuda/kernels/windows.cuh>

namespace clip_cuda::primitive_types {

#define CLIP_PRIMITIVE CLIP_CUDA_PRIMITIVE
#define CLIP_PRIMITIVES_CONVOLVING
#include <clip/backend/primitives.def.hpp>

}  // namespace clip_cuda::primitive_types
