// clip/backend/forks.inl.hpp: definitions of clip/backend/forks.hpp.
#pragma once

#include <clip/backend/forks.hpp>

#include <pthread.h>

#include <atomic>

namespace clip::inline CLIP_ABI::detail {

CLIP_HOST const std::atomic<unsigned>& count_forks() {
  static std::atomic<unsigned> count{0};
  [[maybe_unused]] static const bool registered = [] {
    if (::pthread_atfork(nullptr, nullptr, [] { count.fetch_add(1, std::memory_order_relaxed); }) != 0)
      raise(SystemError{"fork", "no memory to watch it"}.with_id("clip.system.memory"));
    return true;
  }();
  return count;
}

CLIP_HOST Error fork_error() {
  return SystemError{"fork",
                     "this process is a child of the one whose threads it would use: make backends, models and "
                     "readers after fork(), or use one thread"}
      .with_id("clip.system.fork");
}

}  // namespace clip::inline CLIP_ABI::detail
