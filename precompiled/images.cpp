// The image kernels of one instruction set as a table.
#include "tables.hpp"

#include <clip/image/precompiled/kernels.hpp>
#include <clip/image/prepare.hpp>

namespace clip::inline CLIP_ABI::detail {

namespace {
Preparation& preparation(void* handle) { return *static_cast<Preparation*>(handle); }
}

const void* image_kernels() {
  static constexpr ImageKernels table{
      .prepare = [](const Preprocessing& how, Index size, int workers) -> void* {
        return new Preparation{how, size, workers};
      },
      .run = [](void* handle, int worker, const Image& image, std::span<float> planes) { preparation(handle)(worker, image, planes); },
      .finish = [](void* handle) { delete &preparation(handle); },
  };
  return &table;
}

}  // namespace clip::inline CLIP_ABI::detail
