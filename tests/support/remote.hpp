// tests/support/remote.hpp: test double of a device: a backend of the host over memory that the host cannot access between primitives.
#pragma once

#include <clip/backend/naive.hpp>

#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>

namespace clip::testing {

/// Pages that are accessible only while a primitive runs: any other access of the host is a fault.
class Arena {
 public:
  Arena()
      : begin_{static_cast<std::byte*>(
            mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0))} {
    if (begin_ == MAP_FAILED) raise(SystemError{"remote", "the arena cannot be allocated"});
    free_[0] = size;
  }
  ~Arena() { munmap(begin_, size); }
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  void* allocate(std::size_t bytes) {
    const std::lock_guard lock{mutex_};
    const std::size_t wanted = rounded(bytes);
    for (auto it = free_.begin(); it != free_.end(); ++it) {
      const auto [at, bytes_there] = *it;
      if (bytes_there < wanted) continue;
      free_.erase(it);
      if (bytes_there > wanted) free_[at + wanted] = bytes_there - wanted;
      return begin_ + at;
    }
    raise(SystemError{"remote", "the arena is full"});
  }

  void deallocate(void* p, std::size_t bytes) {
    const std::lock_guard lock{mutex_};
    auto it = free_.emplace(static_cast<std::size_t>(static_cast<std::byte*>(p) - begin_), rounded(bytes)).first;
    if (const auto next = std::next(it); next != free_.end() && it->first + it->second == next->first)
      it->second += next->second, free_.erase(next);
    if (it != free_.begin())
      if (const auto before = std::prev(it); before->first + before->second == it->first)
        before->second += it->second, free_.erase(it);
  }

  /// Access to the pages while it lives.
  class Visit {
   public:
    explicit Visit(Arena& arena) : arena_{arena} { arena_.count(+1); }
    ~Visit() { arena_.count(-1); }
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;

   private:
    Arena& arena_;
  };

 private:
  static constexpr std::size_t size = std::size_t{512} << 20;
  static std::size_t rounded(std::size_t bytes) { return (std::max<std::size_t>(bytes, 1) + 63) / 64 * 64; }

  void count(int change) {
    const std::lock_guard lock{mutex_};
    const int before = std::exchange(visits_, visits_ + change);
    if (before == 0) mprotect(begin_, size, PROT_READ | PROT_WRITE);
    if (visits_ == 0) mprotect(begin_, size, PROT_NONE);
  }

  std::byte* begin_;
  std::mutex mutex_;
  std::map<std::size_t, std::size_t> free_;  // offset, bytes
  int visits_ = 0;
};

/// Naive, or another backend of the host, with memory in an arena. Copies share the memory.
template <class T = float, class Host = Naive<T>>
class Remote {
 public:
  using Scalar = T;
  static constexpr Index rows_at_once = Host::rows_at_once;
  static constexpr bool grouping_keeps_bits = Host::grouping_keeps_bits;
  static constexpr bool host_memory = false;

  void* allocate(std::size_t bytes) {
    void* const p = arena_->allocate(bytes);
    const Arena::Visit visit{*arena_};
    return std::memset(p, 0, bytes);
  }
  void deallocate(void* p, std::size_t bytes) { arena_->deallocate(p, bytes); }
  std::string describe() const { return "remote " + std::string(ScalarTraits<T>::name); }

// A primitive of the host's backend during a visit.
#define CLIP_PRIMITIVE(result, name, parameters, arguments) \
  result name parameters {                                  \
    const Arena::Visit visit{*arena_};                      \
    return host_.name arguments;                            \
  }
#define CLIP_PRIMITIVE_OF_F(name, parameters, arguments) \
  template <class F>                                     \
  CLIP_PRIMITIVE(void, name, parameters, arguments)

  CLIP_PRIMITIVE_OF_F(upload, (std::span<const F> host, View<T> y), (host, y))
  CLIP_PRIMITIVE_OF_F(download, (In<T> x, std::span<F> host), (x, host))
  CLIP_PRIMITIVE(StepNumbers, read, (const StepNumbers* numbers), (numbers))
#define CLIP_PRIMITIVES_CORE
#define CLIP_PRIMITIVES_CONVOLVING
#define CLIP_PRIMITIVES_FUSING
#include <clip/backend/primitives.def.hpp>

 protected:
  Host host_;
  std::shared_ptr<Arena> arena_ = std::make_shared<Arena>();
};

static_assert(ConvolvingBackend<Remote<float>> && FusingBackend<Remote<double>>);

}  // namespace clip::testing
