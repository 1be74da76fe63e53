// clip/image/precompiled/prepare.hpp: image/prepare.hpp for programs that link clip::precompiled.
#pragma once

#include <clip/backend/precompiled/set.hpp>
#include <clip/config/preprocessing.hpp>
#include <clip/image/image.hpp>
#include <clip/image/precompiled/kernels.hpp>

#include <span>

namespace clip::inline CLIP_ABI::detail {

/// The same to its user as the one in image/prepare.hpp.
class Preparation {
 public:
  Preparation(const Preprocessing& how, Index size, int workers) : handle_{kernels().prepare(how, size, workers)} {}
  ~Preparation() { kernels().finish(handle_); }
  Preparation(const Preparation&) = delete;
  Preparation& operator=(const Preparation&) = delete;

  /// The picture as (3, size, size).
  void operator()(int worker, const Image& image, std::span<float> planes) { kernels().run(handle_, worker, image, planes); }

 private:
  static const ImageKernels& kernels() { return *static_cast<const ImageKernels*>(chosen_set().images); }

  void* handle_;
};

}  // namespace clip::inline CLIP_ABI::detail
