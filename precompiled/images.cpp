// The image kernels of one instruction set as a table.
#include "tables.hpp"

#include <clip/image/precompiled/kernels.hpp>
#include <clip/image/prepare.hpp>

namespace clip::inline CLIP_ABI::detail {

namespace {
Preparer& preparer(void* handle) { return *static_cast<Preparer*>(handle); }
}  // namespace

const void* image_kernels() {
  static constexpr ImageKernels table{
      .make = []() -> void* { return new Preparer; },
      .begin = [](void* handle, const Preprocessing& how, Index size,
                  int workers) { preparer(handle).begin(how, size, workers); },
      .run = [](void* handle, int worker, const Image& image,
                std::span<float> planes) { preparer(handle)(worker, image, planes); },
      .end = [](void* handle) { delete &preparer(handle); },
  };
  return &table;
}

}  // namespace clip::inline CLIP_ABI::detail
