// tests/no_memory/failing_allocator.hpp: memory that runs out at a chosen allocation of operator new.
#pragma once

#include <clip/core/error.hpp>

#include <doctest/doctest.h>

#include <new>
#include <string>

namespace clip::testing {

/// Allocations of all threads so far.
long allocations();

/// While one exists, allocation `at` (0 is the next) fails, and those after it too if `lasting`.
class FailingAllocation {
 public:
  FailingAllocation(long at, bool lasting);
  ~FailingAllocation();
  FailingAllocation(const FailingAllocation&) = delete;
  FailingAllocation& operator=(const FailingAllocation&) = delete;
};

/// The number of allocations of work().
template <class F>
long allocations_in(F work) {
  const long before = allocations();
  work();
  return allocations() - before;
}

/// Runs work(*make()) once for every allocation of work, which fails in that run, alone or with all that follow. A run
/// ends with std::bad_alloc or an error that says the same, or with the right result where the allocation was not
/// needed (std::stable_sort works without its buffer). After that the same objects give the same result as objects for
/// which nothing has failed. At most about `most` allocations are tried, evenly spread.
template <class Make, class Work>
void check_without_memory(Make make, Work work, long most = 150) {
  const auto fresh = make();
  const auto expected = work(*fresh);
  REQUIRE(work(*make()) == expected);
  const auto counted = make();
  const long total = allocations_in([&] { static_cast<void>(work(*counted)); });
  REQUIRE(total > 0);
  const long step = total / most + 1;
  long failures = 0;
  for (const bool lasting : {false, true})
    for (long at = 0; at < total; at += step) {
      INFO("allocation ", at, " of ", total, lasting ? " and all that follow" : "");
      const auto objects = make();
      std::string failure;
      bool right = true;
      try {
        const FailingAllocation fails{at, lasting};
        right = work(*objects) == expected;
      } catch (const std::bad_alloc&) { failure = "bad_alloc"; } catch (const Error& error) {
        failure = error.id();
        CHECK(failure == "clip.system.memory");
      }
      CHECK(right);
      CHECK(work(*objects) == expected);
      failures += failure.empty() ? 0 : 1;
      if (lasting && at == 0) CHECK(!failure.empty());
    }
  CHECK(failures > 0);  // else the allocator does not reach what is tested
}

}  // namespace clip::testing
