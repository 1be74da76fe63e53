// cuda/core.cu: launch functions of the core list: elementary, norms, tables, losses, training.
#include <clip/backend/cuda/kernels/attention_backward.cuh>
#include <clip/backend/cuda/kernels/dispatch.cuh>
#include <clip/backend/cuda/kernels/losses.cuh>
#include <clip/backend/cuda/kernels/norms.cuh>
#include <clip/backend/cuda/kernels/pointwise.cuh>
#include <clip/backend/cuda/kernels/products.cuh>
#include <clip/backend/cuda/kernels/tables.cuh>
#include <clip/backend/cuda/kernels/training.cuh>
#include <clip/backend/cuda/kernels/updates.cuh>

namespace clip_cuda::primitive_types {

#define CLIP_PRIMITIVE CLIP_CUDA_PRIMITIVE
#define CLIP_PRIMITIVES_CORE
#include <clip/backend/primitives.def.hpp>

}  // namespace clip_cuda::primitive_types
