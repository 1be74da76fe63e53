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

/// The process in which threads were started. It keeps the counter of the code that made it: code compiled for another
/// instruction set has a counter of its own.
class ForkMark {
 public:
  ForkMark() : forks_{&count_forks()} { set(); }
  /// Marks this process.
  void set() { at_ = forks_->load(std::memory_order_relaxed); }
  /// Whether this process is a child, or a child's child, of the marked one.
  bool in_child() const { return forks_->load(std::memory_order_relaxed) != at_; }
  /// SystemError clip.system.fork: this process is such a child.
  void check() const {
    if (in_child()) raise(fork_error());
  }

 private:
  const std::atomic<unsigned>* forks_;
  unsigned at_ = 0;
};

}  // namespace clip::inline CLIP_ABI::detail

#if !CLIP_HOST_LINKED
#include <clip/backend/forks.inl.hpp>
#endif
