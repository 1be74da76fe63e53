// clip/backend/threads.hpp: thread pool for parallel loops.
//
// Regions are short (tens of microseconds) and follow one another, so workers spin briefly before they sleep. Each
// thread begins with its own stretch of the loop (the same one in every region of that length, so its rows are still in
// its cache) and then takes iterations of the others; the caller never waits for a worker that has not begun.
#pragma once

#include <clip/core/size.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <concepts>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

#ifdef __linux__
#include <sched.h>
#endif

namespace clip::inline CLIP_ABI {

namespace detail {

/// Cores the control group grants (cgroup 2, then 1), or `most`.
inline int cores_granted(int most) {
#ifdef __linux__
  double quota = 0, period = 0;
  if (std::FILE* f = std::fopen("/sys/fs/cgroup/cpu.max", "r")) {
    if (std::fscanf(f, "%lf %lf", &quota, &period) != 2) quota = 0;
    std::fclose(f);
  } else {
    const auto read = [](const char* path, double& to) {
      if (std::FILE* g = std::fopen(path, "r")) {
        if (std::fscanf(g, "%lf", &to) != 1) to = 0;
        std::fclose(g);
      }
    };
    read("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", quota);
    read("/sys/fs/cgroup/cpu/cpu.cfs_period_us", period);
  }
  if (quota > 0 && period > 0) return std::clamp(static_cast<int>(quota / period + 0.5), 1, most);
#endif
  return most;
}

inline void pause_briefly() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace detail

/// The cores this process may use: its affinity, limited by its control group.
inline int available_cores() {
  int cores = static_cast<int>(std::thread::hardware_concurrency());
#ifdef __linux__
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) cores = CPU_COUNT(&set);
#endif
  return detail::cores_granted(std::max(cores, 1));
}

class ThreadPool {
 public:
  /// `threads` counts the caller; the others start at the first region and end with the pool.
  explicit ThreadPool(int threads)
      : threads_{std::max(threads, 1)}, spins_{threads_ <= available_cores()},
        stretches_(static_cast<std::size_t>(threads_)) {}
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  ~ThreadPool() {
    {
      const std::lock_guard lock{mutex_};
      stop_.store(true);
    }
    wake_.notify_all();
    for (std::thread& t : workers_) t.join();
  }

  int threads() const { return threads_; }

  /// f(i) for every i in 0 … count-1, each once, in any order. Where another host thread is using the pool, or f itself
  /// calls this, the caller runs everything alone.
  template <class F>
  void parallel(Index count, F&& f) {
    if (const Reservation reserved{*this}) {
      reserved.parallel(count, [&](Index i, int) { f(i); });
    } else {
      for (Index i = 0; i < count; ++i) f(i);
    }
  }

  /// Exclusive use of the pool while it lives; false where another thread has reserved the pool.
  class Reservation {
   public:
    explicit Reservation(ThreadPool& pool)
        : pool_{pool.reserved_.exchange(true, std::memory_order_acquire) ? nullptr : &pool} {}
    ~Reservation() {
      if (pool_) pool_->reserved_.store(false, std::memory_order_release);
    }
    Reservation(const Reservation&) = delete;
    Reservation& operator=(const Reservation&) = delete;

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

  struct alignas(64) Stretch {
    std::atomic<Index> next{0};
    Index end = 0;
  };

  // state_: bit 0: a region is open; bits 1 … 15: the number of workers inside; the rest: the number of the region.
  static constexpr std::uint64_t open = 1, inside = 2, all_inside = 0xFFFE, region = 0x10000;

  void run(Index count, Call call, void* context) {
    start();
    call_ = call;
    context_ = context;
    for (int t = 0; t < threads_; ++t) {
      Stretch& s = stretches_[static_cast<std::size_t>(t)];
      s.next.store(count * t / threads_, std::memory_order_relaxed);
      s.end = count * (t + 1) / threads_;
    }
    state_.fetch_add(region | open);
    if (sleeping_.load() > 0) {
      const std::lock_guard lock{mutex_};
      wake_.notify_all();
    }
    work(0);
    state_.fetch_and(~open);
    for (int turn = 0; (state_.load(std::memory_order_acquire) & all_inside) != 0; ++turn)
      if (spins_ && turn < 20000) detail::pause_briefly();
      else std::this_thread::yield();
  }

  void work(int worker) {
    for (int t = 0; t < threads_; ++t) {
      Stretch& s = stretches_[static_cast<std::size_t>((worker + t) % threads_)];
      if (t > 0 && s.next.load(std::memory_order_relaxed) >= s.end) continue;
      for (Index i; (i = s.next.fetch_add(1, std::memory_order_relaxed)) < s.end;) call_(context_, i, worker);
    }
  }

  void start() {
    for (int t = static_cast<int>(workers_.size()) + 1; t < threads_; ++t)
      workers_.emplace_back([this, t] { run_worker(t); });
  }

  void run_worker(int worker) {
    std::uint64_t seen = 0;  // the last region worked in
    while (wait_for_region(seen)) {
      std::uint64_t state = state_.load();
      while (is_new(state, seen))
        if (state_.compare_exchange_weak(state, state + inside)) {
          seen = state / region;
          work(worker);
          state_.fetch_sub(inside, std::memory_order_release);
          break;
        }
    }
  }

  static bool is_new(std::uint64_t state, std::uint64_t seen) { return (state & open) != 0 && state / region != seen; }

  /// Returns when a region opens (true) or the pool ends (false).
  bool wait_for_region(std::uint64_t seen) {
    const auto ready = [&] { return stop_.load(std::memory_order_relaxed) || is_new(state_.load(), seen); };
    if (spins_) {
      const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(100);
      do
        for (int turn = 0; turn < 32; ++turn) {
          if (ready()) return !stop_.load();
          detail::pause_briefly();
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
  std::vector<Stretch> stretches_;
  Call call_ = nullptr;
  void* context_ = nullptr;
  alignas(64) std::atomic<std::uint64_t> state_{0};
  alignas(64) std::atomic<bool> reserved_{false};
  std::atomic<bool> stop_{false};
  std::atomic<int> sleeping_{0};
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::thread> workers_;
};

/// A backend that computes on threads of the host.
template <class B>
concept ThreadedBackend = requires(B& b) {
  { b.pool() } -> std::same_as<ThreadPool&>;
};

}  // namespace clip::inline CLIP_ABI
