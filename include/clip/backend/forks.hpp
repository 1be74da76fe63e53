// clip/backend/forks.hpp: tells a child of fork(), which has no threads but one, from its parent.
#pragma once

#include <clip/core/error.hpp>

#include <atomic>

namespace clip::inline CLIP_ABI::detail {

/// How often this process, or one it descends from, was made by fork() since the first call. Reading it costs no system
/// call. SystemError: no memory to register the counter.
CLIP_HOST const std::atomic<unsigned>& count_forks();

/// The error of a call that would wait for threads of the parent.
CLIP_HOST Error fork_error();

}  // namespace clip::inline CLIP_ABI::detail

#if !CLIP_HOST_LINKED
#include <clip/backend/forks.inl.hpp>
#endif
