// clip/image/precompiled/kernels.hpp: function table of the linked image kernels; backend/precompiled/kernels.hpp lists
// the allowed types.
#pragma once

#include <clip/config/preprocessing.hpp>
#include <clip/image/image.hpp>

#include <span>

namespace clip::inline CLIP_ABI::detail {

/// The functions of a Preparer (image/prepare.hpp), from construction to destruction.
struct ImageKernels {
  void* (*make)();
  void (*begin)(void* preparer, const Preprocessing& how, Index size, int workers);
  void (*run)(void* preparer, int worker, const Image& image, std::span<float> planes);
  void (*end)(void* preparer);
};

}  // namespace clip::inline CLIP_ABI::detail
