// The allocator of this program, and a test of it.
#include "failing_allocator.hpp"

#include <clip/backend/cpu/threads/scratch.hpp>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <vector>

namespace {

std::atomic<long> count{0}, left{0};
std::atomic<bool> armed{false}, all_that_follow{false};

void* taken(std::size_t bytes, std::size_t alignment) {
  ++count;
  if (armed) {
    const long k = left.fetch_sub(1);
    if (k == 0 || (k < 0 && all_that_follow)) throw std::bad_alloc{};
  }
  bytes = bytes == 0 ? 1 : bytes;
  void* const p = alignment <= alignof(std::max_align_t)
                      ? std::malloc(bytes)
                      : std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
  if (p == nullptr) throw std::bad_alloc{};
  return p;
}

}  // namespace

// Not inlined: g++ would warn about free() of memory from new.
[[gnu::noinline]] void* operator new(std::size_t bytes) { return taken(bytes, 1); }
[[gnu::noinline]] void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return taken(bytes, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  try {
    return taken(bytes, 1);
  } catch (const std::bad_alloc&) { return nullptr; }
}
[[gnu::noinline]] void operator delete(void* p, const std::nothrow_t&) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }

namespace clip::testing {

long allocations() { return count; }

FailingAllocation::FailingAllocation(long at, bool lasting) {
  left = at;
  all_that_follow = lasting;
  armed = true;
}
FailingAllocation::~FailingAllocation() { armed = false; }

}  // namespace clip::testing

using namespace clip::testing;

TEST_CASE("the chosen allocation fails, alone or with those that follow") {
  const auto fail_at = [](long at, bool lasting) {
    std::vector<bool> succeeded;
    succeeded.reserve(5);
    const FailingAllocation fails{at, lasting};
    for (int i = 0; i < 5; ++i) {
      try {
        ::operator delete(::operator new(8));  // a call, which unlike an expression is not left out
        succeeded.push_back(true);
      } catch (const std::bad_alloc&) { succeeded.push_back(false); }
    }
    return succeeded;
  };
  CHECK(fail_at(2, false) == std::vector<bool>{true, true, false, true, true});
  CHECK(fail_at(2, true) == std::vector<bool>{true, true, false, false, false});
  CHECK(fail_at(5, true) == std::vector<bool>(5, true));
}

TEST_CASE("scratch that found no memory is empty, and grows later") {
  clip::cpu::Scratch scratch;
  scratch.get<float>(10)[9] = 1;
  {
    const FailingAllocation fails{0, false};
    CHECK_THROWS_AS(scratch.get<float>(100000), std::bad_alloc);
  }
  float* const values = scratch.get<float>(20);
  for (int i = 0; i < 20; ++i) values[i] = 1;
  CHECK(scratch.get<float>(10) == values);
  {
    const FailingAllocation fails{0, true};
    CHECK_THROWS_AS(scratch.get<float>(100000), std::bad_alloc);
  }
}
