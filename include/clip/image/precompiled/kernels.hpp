// clip/image/precompiled/kernels.hpp: the table of image kernels; see backend/precompiled/kernels.hpp for what may cross it.
#pragma once

#include <clip/config/preprocessing.hpp>
#include <clip/image/image.hpp>

#include <span>

namespace clip::inline CLIP_ABI::detail {

/// `prepare` makes a Preparation of image/prepare.hpp, `run` calls it, `finish` ends it.
struct ImageKernels {
  void* (*prepare)(const Preprocessing& how, Index size, int workers);
  void (*run)(void* preparation, int worker, const Image& image, std::span<float> planes);
  void (*finish)(void* preparation);
};

}  // namespace clip::inline CLIP_ABI::detail
