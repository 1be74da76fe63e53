// Checks that objects compiled for different CPUs in one program each run their own code, and give equal results.
#include "unit.hpp"

#include <cmath>
#include <cstdio>
#include <cstring>

namespace {
float largest_difference(const Report& a, const Report& b) {
  float largest = 0;
  for (int i = 0; i < Report::count; ++i) largest = std::fmax(largest, std::fabs(a.values[i] - b.values[i]));
  return largest;
}
}  // namespace

int main() {
  const Report one = plain(), other = again();
  float size = 0;
  for (float x : one.values) size = std::fmax(size, std::fabs(x));
  std::printf("plain %s, again %s: differ by %g of %g\n", one.abi, other.abi, double(largest_difference(one, other)),
              double(size));
  if (!(size > 0) || std::strcmp(one.abi, other.abi) != 0 ||
      std::memcmp(one.values, other.values, sizeof one.values) != 0)
    return 1;
#if defined(__x86_64__)
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) {
    std::puts("skipped: two_units: this machine has no AVX2");
    return 77;
  }
  const bool other_machine = true;
#else
  const bool other_machine = false;
#endif
  const Report fast = tuned();
  std::printf("tuned %s: differs by %g\n", fast.abi, double(largest_difference(one, fast)));
  if (other_machine && std::strcmp(one.abi, fast.abi) == 0) return 1;
  return largest_difference(one, fast) <= 1e-5f * size ? 0 : 1;
}
