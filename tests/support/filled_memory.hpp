// tests/support/filled_memory.hpp: what fresh and freed memory holds, chosen, so that a read of it is noticed.
#pragma once

#include <cstdlib>

#if __has_include(<malloc.h>)
#include <malloc.h>
#endif

namespace clip::testing {

/// What run() gives, twice, with malloc's memory filled otherwise each time (of glibc alone; elsewhere it is as it
/// comes).
template <class Run>
auto with_filled_memory(const Run& run) {
  struct Both {
    decltype(run()) one, other;
  };
  const auto fill = [](int byte) {
#if defined(M_PERTURB)
    ::mallopt(M_PERTURB, byte);
#else
    (void)byte;
#endif
  };
  fill(0x55);
  auto one = run();
  fill(0xAA);
  auto other = run();
  fill(0);
  return Both{one, other};
}

}  // namespace clip::testing
