// tests/cuda_toolkit/fake_cublas_lt.hpp: what a cuBLASLt that computes on the host was asked, and what it refuses.
#pragma once

namespace clip::testing {

struct FakeCublasLt {
  int products = 0, searches = 0;  // computed, and looked for an algorithm
  int reduced = 0;                 // searches whose sides are bfloat16
  bool good = true;                // descriptors fit each other and keep what the preferences promise
  bool refuses_all = false, refuses_epilogues = false;
};

inline FakeCublasLt& fake_cublas_lt() {
  static FakeCublasLt fake;
  return fake;
}

}  // namespace clip::testing
