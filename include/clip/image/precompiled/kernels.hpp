// clip/image/precompiled/kernels.hpp: the table of image kernels; see backend/precompiled/kernels.hpp for what may cross it.
#pragma once

#include <clip/config/preprocessing.hpp>
#include <clip/image/image.hpp>

#include <span>

namespace clip::inline CLIP_ABI::detail {

/// A Preparer of image/prepare.hpp, from its making to its end.
struct ImageKernels {
  void* (*make)();
  void (*begin)(void* preparer, const Preprocessing& how, Index size, int workers);
  void (*run)(void* preparer, int worker, const Image& image, std::span<float> planes);
  void (*end)(void* preparer);
};

}  // namespace clip::inline CLIP_ABI::detail
