// clip/image/precompiled/prepare.hpp: replaces image/prepare.hpp in programs that link clip::precompiled.
#pragma once

#include <clip/backend/precompiled/set.hpp>
#include <clip/config/preprocessing.hpp>
#include <clip/image/image.hpp>
#include <clip/image/precompiled/kernels.hpp>

#include <memory>
#include <span>

namespace clip::inline CLIP_ABI::detail {

/// The interface of the Preparer in image/prepare.hpp.
class Preparer {
 public:
  /// Starts a call: images will become (3, size, size), on `workers` threads.
  void begin(const Preprocessing& how, Index size, int workers) {
    if (!preparer_) preparer_.reset(kernels().make());
    kernels().begin(preparer_.get(), how, size, workers);
  }

  void operator()(int worker, const Image& image, std::span<float> planes) {
    kernels().run(preparer_.get(), worker, image, planes);
  }

 private:
  static const ImageKernels& kernels() { return *static_cast<const ImageKernels*>(chosen_set().images); }

  struct End {
    void operator()(void* preparer) const { kernels().end(preparer); }
  };
  std::unique_ptr<void, End> preparer_;
};

}  // namespace clip::inline CLIP_ABI::detail
