// tests/support/arena.hpp: memory that is accessible only while a primitive runs.
#pragma once

#include <clip/core/error.hpp>

#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <map>
#include <mutex>
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

}  // namespace clip::testing
