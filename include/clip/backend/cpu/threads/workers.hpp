// clip/backend/cpu/threads/workers.hpp: thread pool with per-thread scratch, and its parallel region.
#pragma once

#include <clip/backend/cpu/threads/scratch.hpp>
#include <clip/backend/threads.hpp>

#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI::cpu {

/// A thread's private scratch, and the scratch its tasks share if the thread opened the region.
struct ThreadScratch {
  Scratch local, shared;
};

class Workers {
 public:
  explicit Workers(int threads) : pool_{threads}, scratch_(static_cast<std::size_t>(pool_.threads())) {}

  int threads() const { return pool_.threads(); }
  ThreadPool& pool() { return pool_; }

 private:
  friend class ParallelRegion;

  std::unique_ptr<ThreadScratch> take_spare() {
    const std::lock_guard lock{mutex_};
    if (spare_.empty()) {
      auto scratch = std::make_unique<ThreadScratch>();
      spare_.reserve(spares_ + 1);  // return_spare() runs in a destructor, where it must not allocate
      ++spares_;
      return scratch;
    }
    auto scratch = std::move(spare_.back());
    spare_.pop_back();
    return scratch;
  }
  void return_spare(std::unique_ptr<ThreadScratch> scratch) {
    const std::lock_guard lock{mutex_};
    spare_.push_back(std::move(scratch));
  }

  ThreadPool pool_;
  std::vector<ThreadScratch> scratch_;  // one per thread of the pool
  std::mutex mutex_;
  std::vector<std::unique_ptr<ThreadScratch>> spare_;  // for callers that found the pool locked
  std::size_t spares_ = 0;                             // how many there are, those in use included
};

/// Threads and scratch of one primitive for its duration: the pool if it is free, otherwise the calling thread alone
/// with spare scratch.
class ParallelRegion {
 public:
  explicit ParallelRegion(Workers& workers)
      : workers_{workers}, lock_{workers.pool_}, spare_{lock_ ? nullptr : workers.take_spare()} {}
  ~ParallelRegion() {
    if (spare_) workers_.return_spare(std::move(spare_));
  }
  ParallelRegion(const ParallelRegion&) = delete;
  ParallelRegion& operator=(const ParallelRegion&) = delete;

  /// Scratch for all tasks of the region. There is one such block; a second call invalidates the first.
  template <class T>
  T* shared(Index count) {
    return (spare_ ? *spare_ : workers_.scratch_[0]).shared.template get<T>(count);
  }

  /// f(i, scratch) for i in 0 … count-1; `scratch` holds `size` values and is private to the thread that runs f.
  template <class T, class F>
  void parallel(Index count, Index size, F&& f) {
    if (spare_ || count <= 1) {
      T* scratch = (spare_ ? *spare_ : workers_.scratch_[0]).local.template get<T>(size);
      for (Index i = 0; i < count; ++i) f(i, scratch);
    } else {
      for (ThreadScratch& scratch : workers_.scratch_) scratch.local.template get<T>(size);
      lock_.parallel(count, [&](Index i, int worker) {
        f(i, workers_.scratch_[static_cast<std::size_t>(worker)].local.template get<T>(size));
      });
    }
  }

 private:
  Workers& workers_;
  ThreadPool::Lock lock_;
  std::unique_ptr<ThreadScratch> spare_;
};

}  // namespace clip::inline CLIP_ABI::cpu
