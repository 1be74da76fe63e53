// clip/backend/threads.hpp: thread pool for parallel loops with static partitioning and work stealing.
//
// Parallel regions are short (tens of microseconds) and follow one another closely, so an idle worker spins for 100 µs
// before it sleeps. Each thread starts with its own range of the loop (the same range in every region of that length,
// so its rows are still in its cache) and then steals iterations from the ranges of the others. The caller never waits
// for a worker that has not started.
#pragma once

#include <clip/backend/available_cores.hpp>
#include <clip/backend/forks.hpp>
#include <clip/core/error.hpp>
#include <clip/core/size.hpp>

#include <atomic>
#include <concepts>
#include <memory>
#include <type_traits>

namespace clip::inline CLIP_ABI {

/// Threads that run loops. An exception that f throws ends its loop: the other threads finish the calls that they are
/// in, no further call begins, and the caller receives the exception (one of them, if there were several). The pool can
/// be used again.
///
/// A child of fork() has none of its parent's threads. A pool whose workers had started before is of no use there: a
/// loop is a SystemError (clip.system.fork). Make backends and models after fork(), or before it with one thread.
class ThreadPool {
 public:
  /// A pool of `threads` threads, the caller included. Workers start with the first region and end with the pool.
  /// OptionError: more than 32768 threads.
  CLIP_HOST explicit ThreadPool(int threads);
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  CLIP_HOST ~ThreadPool();

  int threads() const { return threads_; }

  /// f(i) for every i in 0 … count-1, each once, in any order. If another host thread uses the pool, or f itself calls
  /// this function, the caller runs the whole loop alone.
  /// SystemError: the system starts fewer threads (clip.system.threads; a later call tries again), or fork().
  template <class F>
  void parallel(Index count, F&& f) {
    if (const Lock lock{*this}) {
      lock.parallel(count, [&](Index i, int) { f(i); });
    } else {
      for (Index i = 0; i < count; ++i) f(i);
    }
  }

  /// Exclusive use of the pool for its lifetime; false if another user has it (a try-lock, it never blocks).
  class Lock {
   public:
    /// SystemError: the pool's workers were left behind by fork().
    explicit Lock(ThreadPool& pool) : pool_{pool.locked_.exchange(true, std::memory_order_acquire) ? nullptr : &pool} {
      if (pool_ && pool_->left_behind()) {
        pool_->locked_.store(false, std::memory_order_release);
        pool_->mark_.check();
      }
    }
    ~Lock() {
      if (pool_) pool_->locked_.store(false, std::memory_order_release);
    }
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

    explicit operator bool() const { return pool_ != nullptr; }

    /// f(i, worker), worker in 0 … threads-1; the caller is worker 0.
    template <class F>
    void parallel(Index count, F&& f) const {
      if (pool_->threads_ == 1 || count <= 1) {
        for (Index i = 0; i < count; ++i) f(i, 0);
      } else {
        pool_->run(
            count,
            [](void* context, Index i, int worker) { (*static_cast<std::remove_reference_t<F>*>(context))(i, worker); },
            const_cast<void*>(static_cast<const void*>(&f)));
      }
    }

   private:
    ThreadPool* pool_;
  };

 private:
  using Call = void (*)(void*, Index, int);
  class Workers;

  CLIP_HOST void run(Index count, Call call, void* context);
  bool left_behind() const { return started_ && mark_.in_child(); }

  const int threads_;
  bool started_ = false;   // whether a region has asked for workers
  detail::ForkMark mark_;  // and in which process
  std::unique_ptr<Workers> workers_;
  alignas(64) std::atomic<bool> locked_{false};
};

/// A backend that computes on threads of the host.
template <class B>
concept ThreadedBackend = requires(B& b) {
  { b.pool() } -> std::same_as<ThreadPool&>;
};

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/backend/threads.inl.hpp>
#endif
