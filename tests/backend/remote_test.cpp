// The Remote test double: the host can access its memory only while a primitive runs.
#include "../support/remote.hpp"
#include "../support/primitives.hpp"
#include "../support/signal_of.hpp"

#include <clip/backend/naive.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <span>

using namespace clip;
using namespace clip::testing;

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_CASE("host access to remote memory outside primitives is a fault") {
  Remote<float> remote;
  auto* p = static_cast<float*>(remote.allocate(64));
  remote.fill(View<float>{p, 1, 16}, 2.0f);
  CHECK(signal_of([&] { [[maybe_unused]] const volatile float seen = *p; }) == SIGSEGV);
  CHECK(signal_of([&] { *const_cast<volatile float*>(p) = 1; }) == SIGSEGV);
  CHECK(signal_of([&] { remote.add(View<const float>{p, 1, 16}, Acc<float>{{p, 1, 16}, false}); }) == 0);
  remote.deallocate(p, 64);
}
#endif

TEST_CASE("remote memory is allocated, released and merged") {
  Arena arena;
  std::array<void*, 4> p{};
  for (void*& q : p) q = arena.allocate(1000);
  for (const std::size_t i : {1u, 3u, 0u, 2u}) arena.deallocate(p[i], 1000);
  void* whole = arena.allocate(std::size_t{512} << 20);
  CHECK(whole == p[0]);
  arena.deallocate(whole, std::size_t{512} << 20);
}

TEST_CASE("every primitive of the remote backend gives the bits of Naive") {
  Remote<float> remote;
  Naive<float> naive;
  const Setting setting{7, 9, 6, false, true, true};
  const auto expected = run_primitives(naive, setting), found = run_primitives(remote, setting);
  for (std::size_t c = 0; c < expected.size(); ++c)
    for (std::size_t o = 0; o < expected[c].second.size(); ++o) {
      INFO(expected[c].first, ", matrix ", o);
      const auto bytes = [](const std::vector<float>& values) {
        return std::as_bytes(std::span<const float>(values));
      };  // NaN too
      CHECK(std::ranges::equal(bytes(found[c].second[o]), bytes(expected[c].second[o])));
    }
}
