// What a set consists of. Each .cpp beside this file is compiled once per instruction set and fills one table.
#pragma once

#include <clip/core/abi.hpp>

namespace clip::inline CLIP_ABI::detail {

/// An ImageKernels of clip/image/precompiled/kernels.hpp.
const void* image_kernels();

}  // namespace clip::inline CLIP_ABI::detail
