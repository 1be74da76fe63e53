// The tests of tests/cuda that need no shim, on a device. Exit status 77 (skipped) without one.
#define DOCTEST_CONFIG_IMPLEMENT
#include <clip/cuda.hpp>

#include "../support/cuda_controls.hpp"

#include <doctest/doctest.h>

#include <cstdio>

// Threads of a device run as they like, and it has libraries of its own.
void clip_cuda_on_host::run_backwards(bool) {}
void clip_cuda_on_host::skip_barrier(int) {}
std::ptrdiff_t& clip_cuda_on_host::free_bytes() {
  static std::ptrdiff_t none = -1;
  return none;
}
clip_cuda_on_host::Products& clip_cuda_on_host::products() {
  static Products none = nullptr;
  return none;
}

int main(int argc, char** argv) {
  try {
    std::printf("%s\n", clip::Cuda<float>{}.describe().c_str());
  } catch (const clip::Error& error) {
    std::printf("skipped: %s\n", error.what());
    return 77;
  }
  return doctest::Context{argc, argv}.run();
}
