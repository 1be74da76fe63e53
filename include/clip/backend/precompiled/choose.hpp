// clip/backend/precompiled/choose.hpp: link-time interface of clip::precompiled, outside the inline namespace.
#pragma once

#include <clip/version.hpp>

// Headers and library of different versions do not link.
#define CLIP_PRECOMPILED_JOIN_(a, b, c, name) clip_precompiled_##a##_##b##_##c##_##name
#define CLIP_PRECOMPILED_JOIN(a, b, c, name) CLIP_PRECOMPILED_JOIN_(a, b, c, name)
#define CLIP_PRECOMPILED(name) CLIP_PRECOMPILED_JOIN(CLIP_VERSION_MAJOR, CLIP_VERSION_MINOR, CLIP_VERSION_PATCH, name)

extern "C" {

/// The tables compiled for one instruction set, each of the type its header describes, and the name of the set.
struct CLIP_PRECOMPILED(set) {
  const char* name;
  const void* backend;  // detail::Kernels
  const void* images;   // detail::ImageKernels
};

/// The instruction set of this process: the best that its machine has, or the one that the environment variable
/// CLIP_CPU names (v2, v3, v3-vnni, v4, v4-vnni, v4-dot; native, native-dotprod); null where there is none, `*problem`
/// being why. The same in every call.
const CLIP_PRECOMPILED(set) * CLIP_PRECOMPILED(choose)(const char** problem);

}  // extern "C"
