// clip/backend/cpu/threads/workers.hpp: threads together with their scratch memory, and a shift in which a primitive uses both.
#pragma once

#include <clip/backend/threads.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Memory that grows to the largest size asked for and is kept.
class Scratch {
 public:
  Scratch() = default;
  Scratch(Scratch&& other) noexcept
      : data_{std::exchange(other.data_, nullptr)}, bytes_{std::exchange(other.bytes_, 0)} {}
  Scratch& operator=(Scratch&&) = delete;
  ~Scratch() { release(); }

  /// At least `count` values (and a little more, so that packets may read past them), aligned to 64 bytes, not initialised.
  template <class T>
  T* get(Index count) {
    const std::size_t bytes = static_cast<std::size_t>(count) * sizeof(T) + 256;
    if (bytes > bytes_) {
      release();
      bytes_ = 0;
      data_ = ::operator new (bytes, std::align_val_t{64});
      bytes_ = bytes;
    }
    return static_cast<T*>(data_);
  }

 private:
  void release() {
    if (data_) ::operator delete (data_, std::align_val_t{64});
  }
  void* data_ = nullptr;
  std::size_t bytes_ = 0;
};

class Crew {
  struct Desk {
    Scratch own, shared;
  };

 public:
  explicit Crew(int threads) : pool_{threads}, desks_(static_cast<std::size_t>(pool_.threads())) {}

  int threads() const { return pool_.threads(); }
  ThreadPool& pool() { return pool_; }

  /// What one primitive works with: the pool if it is free, otherwise the calling thread alone; scratch in either case.
  class Shift {
   public:
    explicit Shift(Crew& crew) : crew_{crew}, hold_{crew.pool_}, alone_{hold_ ? nullptr : crew.take_desk()} {}
    ~Shift() {
      if (alone_) crew_.return_desk(std::move(alone_));
    }
    Shift(const Shift&) = delete;
    Shift& operator=(const Shift&) = delete;

    /// Scratch that every task of this shift may use; one block per shift.
    template <class T>
    T* shared(Index count) {
      return (alone_ ? *alone_ : crew_.desks_[0]).shared.template get<T>(count);
    }

    /// f(i, own) for i in 0 … count-1, `own` being scratch of `scratch` values that belongs to the running thread.
    template <class T, class F>
    void parallel(Index count, Index scratch, F&& f) {
      if (alone_ || count <= 1) {
        T* own = (alone_ ? *alone_ : crew_.desks_[0]).own.template get<T>(scratch);
        for (Index i = 0; i < count; ++i) f(i, own);
      } else {
        for (Desk& desk : crew_.desks_) desk.own.template get<T>(scratch);
        hold_.parallel(count, [&](Index i, int worker) {
          f(i, crew_.desks_[static_cast<std::size_t>(worker)].own.template get<T>(scratch));
        });
      }
    }

   private:
    Crew& crew_;
    ThreadPool::Reservation hold_;
    std::unique_ptr<Desk> alone_;
  };

 private:
  std::unique_ptr<Desk> take_desk() {
    const std::lock_guard lock{mutex_};
    if (spare_.empty()) return std::make_unique<Desk>();
    auto desk = std::move(spare_.back());
    spare_.pop_back();
    return desk;
  }
  void return_desk(std::unique_ptr<Desk> desk) {
    const std::lock_guard lock{mutex_};
    spare_.push_back(std::move(desk));
  }

  ThreadPool pool_;
  std::vector<Desk> desks_;  // one per thread of the pool
  std::mutex mutex_;
  std::vector<std::unique_ptr<Desk>> spare_;  // for callers who found the pool taken
};

/// The pieces a loop over `rows` is cut into where the pieces' sums are added up in order: they depend on `rows` alone.
inline Index block_rows(Index rows) { return std::max<Index>(16, (rows + 63) / 64); }

/// ⌈a / b⌉
constexpr Index pieces(Index a, Index b) { return (a + b - 1) / b; }
constexpr Index round_up(Index a, Index b) { return pieces(a, b) * b; }
/// How long each of the fewest pieces of n is that are no longer than `most`: about equal parts.
constexpr Index even_piece(Index n, Index most) { return pieces(n, std::max<Index>(1, pieces(n, most))); }

}  // namespace clip::inline CLIP_ABI
