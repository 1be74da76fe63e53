#include "model_on.hpp"

#include <cstdio>

#if defined(CLIP_TOOL_HAS_CUDA)
#include <clip/cuda.hpp>
#endif

namespace tool {

std::unique_ptr<ModelOnDevice> model_on_cuda([[maybe_unused]] const clip::AnyConfig& config, int device,
                                             [[maybe_unused]] Dtype dtype, [[maybe_unused]] const Loading& loading) {
#if defined(CLIP_TOOL_HAS_CUDA)
  if (dtype != Dtype::f32 && dtype != Dtype::bf16)
    clip::raise(clip::OptionError{"--dtype", "type on a CUDA device", "f32 or bf16", name_of(dtype)});
  const clip::Cuda<float> backend{
      {.device = device, .arithmetic = dtype == Dtype::bf16 ? clip::Arithmetic::bfloat16 : clip::Arithmetic::full}};
  std::fprintf(stderr, "device: %s\n", backend.describe().c_str());
  return std::make_unique<ModelOn<clip::Cuda<float>>>(config, backend, loading);
#else
  clip::raise(clip::OptionError{"--device", "program with CUDA devices", "one that is built with CLIP_WITH_CUDA",
                                "none, for cuda:" + std::to_string(device)});
#endif
}

}  // namespace tool
