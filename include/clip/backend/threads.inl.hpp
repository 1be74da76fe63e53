// clip/backend/threads.inl.hpp: definitions of clip/backend/threads.hpp.
#pragma once

#include <clip/backend/available_cores.hpp>
#include <clip/backend/start_thread.hpp>
#include <clip/backend/threads.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {

/// Hint to the processor that this thread spins.
inline void spin_pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace detail

/// The threads, and the loop they share.
class ThreadPool::Workers {
 public:
  Workers(int threads, detail::ForkMark mark)
      : threads_{threads}, spins_{threads_ <= available_cores()}, mark_{mark},
        ranges_(static_cast<std::size_t>(threads_)) {}
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  ~Workers() {
    {
      const std::lock_guard lock{mutex_};
      stop_.store(true);
    }
    wake_.notify_all();
    for (std::thread& t : workers_) t.join();
  }

  void run(Index count, Call call, void* context) {
    start_workers();
    mark_.set();
    call_ = call;
    context_ = context;
    for (int t = 0; t < threads_; ++t) {
      Range& range = ranges_[static_cast<std::size_t>(t)];
      range.next.store(count * t / threads_, std::memory_order_relaxed);
      range.end = count * (t + 1) / threads_;
    }
    state_.fetch_add(region | open);
    if (sleeping_.load() > 0) {
      const std::lock_guard lock{mutex_};
      wake_.notify_all();
    }
    run_iterations(0);
    state_.fetch_and(~open);
    for (int turn = 0; (state_.load(std::memory_order_acquire) & all_inside) != 0; ++turn) {
      mark_.check();  // f may have forked: in the child nobody leaves
      if (spins_ && turn < 20000) detail::spin_pause();
      else std::this_thread::yield();
    }
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  }

 private:
  /// Iterations [next, end) of one thread, which other threads may steal.
  struct alignas(64) Range {
    std::atomic<Index> next{0};
    Index end = 0;
  };

  // state_: bit 0 is set while a region is open, bits 1 … 15 count the workers inside, the upper bits number the
  // regions.
  static constexpr std::uint64_t open = 1, inside = 2, all_inside = 0xFFFE, region = 0x10000;

  /// No exception leaves the thread: the first is kept for the caller, and the loop ends.
  void run_iterations(int worker) {
#if CLIP_EXCEPTIONS
    try {
      iterate(worker);
    } catch (...) {
      const std::lock_guard lock{mutex_};
      if (!failure_) failure_ = std::current_exception();
      for (Range& range : ranges_) range.next.store(range.end, std::memory_order_relaxed);
    }
#else
    iterate(worker);
#endif
  }

  /// The iterations of this worker's own range, then those the other ranges have left.
  void iterate(int worker) {
    for (int t = 0; t < threads_; ++t) {
      Range& range = ranges_[static_cast<std::size_t>((worker + t) % threads_)];
      if (t > 0 && range.next.load(std::memory_order_relaxed) >= range.end) continue;
      for (Index i; (i = range.next.fetch_add(1, std::memory_order_relaxed)) < range.end;) call_(context_, i, worker);
    }
  }

  void start_workers() {
    if (std::cmp_equal(workers_.size(), threads_ - 1)) return;
    workers_.reserve(static_cast<std::size_t>(threads_ - 1));
    for (int t = static_cast<int>(workers_.size()) + 1; t < threads_; ++t)
      detail::start_thread(workers_, "thread pool", threads_, [this, t] { worker_loop(t); });
  }

  void worker_loop(int worker) {
    std::uint64_t last_region = 0;
    while (wait_for_region(last_region)) {
      std::uint64_t state = state_.load();
      while (is_new_region(state, last_region))
        if (state_.compare_exchange_weak(state, state + inside)) {
          last_region = state / region;
          run_iterations(worker);
          state_.fetch_sub(inside, std::memory_order_release);
          break;
        }
    }
  }

  static bool is_new_region(std::uint64_t state, std::uint64_t last_region) {
    return (state & open) != 0 && state / region != last_region;
  }

  /// Blocks until a region opens (true) or the pool ends (false).
  bool wait_for_region(std::uint64_t last_region) {
    const auto ready = [&] {
      return stop_.load(std::memory_order_relaxed) || is_new_region(state_.load(), last_region);
    };
    if (spins_) {
      const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(100);
      do
        for (int turn = 0; turn < 32; ++turn) {
          if (ready()) return !stop_.load();
          detail::spin_pause();
        }
      while (std::chrono::steady_clock::now() < until);
    }
    std::unique_lock lock{mutex_};
    ++sleeping_;
    wake_.wait(lock, ready);
    --sleeping_;
    return !stop_.load();
  }

  const int threads_;
  const bool spins_;
  detail::ForkMark mark_;  // of the region that runs
  std::vector<Range> ranges_;
  Call call_ = nullptr;
  void* context_ = nullptr;
  alignas(64) std::atomic<std::uint64_t> state_{0};
  std::atomic<bool> stop_{false};
  std::atomic<int> sleeping_{0};
  std::mutex mutex_;
  std::condition_variable wake_;
  std::exception_ptr failure_;  // written under the mutex, read when no worker is inside
  std::vector<std::thread> workers_;
};

namespace detail {

/// As many workers as the state of a region counts, and the caller.
inline constexpr int most_threads = 32768;

inline int checked_threads(int threads) {
  if (threads > most_threads)
    raise(OptionError{"thread pool", "threads", "at most " + std::to_string(most_threads), threads});
  return std::max(threads, 1);
}

}  // namespace detail

CLIP_HOST ThreadPool::ThreadPool(int threads)
    : threads_{detail::checked_threads(threads)}, workers_{std::make_unique<Workers>(threads_, mark_)} {}

CLIP_HOST ThreadPool::~ThreadPool() {
  // To join threads of another process would wait for ever, as would the end of a condition they wait for.
  if (left_behind()) static_cast<void>(workers_.release());
}

CLIP_HOST void ThreadPool::run(Index count, Call call, void* context) {
  if (!started_) {
    mark_.set();
    started_ = true;
  }
  workers_->run(count, call, context);
}

}  // namespace clip::inline CLIP_ABI
