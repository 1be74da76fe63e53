// The shim: a kernel's threads are fibers that meet at barriers and in exchanges of a warp.
#include "../support/cuda_shim.hpp"

#include "../support/signal_of.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <vector>

namespace {

namespace shim = clip_cuda_on_host;

/// y = x from the last to the first, through shared memory.
template <bool barrier>
__global__ void reverse(const int* x, int* y) {
  CLIP_CUDA_SHARED(int, room, 128);
  const unsigned t = threadIdx.x;
  room[t] = x[t];
  if (barrier) __syncthreads();
  y[t] = room[127 - t];
}

/// Every thread reads what the one before it wrote: without a barrier right where threads run in order.
__global__ void neighbour(const int* x, int* y) {
  CLIP_CUDA_SHARED(int, room, 128);
  const unsigned t = threadIdx.x;
  room[t] = x[t];
  y[t] = room[t == 0 ? 0 : t - 1];
}

__global__ void lanes_talk(int running, int* sums, unsigned* votes) {
  const int t = static_cast<int>(threadIdx.x);
  if (t >= running) return;
  __syncthreads();
  int sum = t;
  for (int mask = 16; mask > 0; mask /= 2) sum += __shfl_xor_sync(~0u, sum, mask);
  sums[t] = sum + 1000 * __shfl_sync(~0u, t, 5);
  votes[t] = __ballot_sync(~0u, t % 2 == 0);
}

__global__ void keep_in_shared(float* y) {
  CLIP_CUDA_SHARED(float, room, 4);
  y[blockIdx.x * 4 + threadIdx.x] = room[threadIdx.x];
  room[threadIdx.x] = 1;
}

__global__ void where(int* y) {
  const unsigned block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
  const unsigned thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
  y[block * 24 + thread] += static_cast<int>(block * 24 + thread);
}

__global__ void wait_apart(int* y) {
  if (threadIdx.x < 40) __syncthreads();
  else y[0] = __shfl_xor_sync(~0u, 1, 1), __syncwarp();
  __syncthreads();
}

/// The number of values that a kernel of 128 threads puts elsewhere than `expected` says.
template <class Expected>
int wrong(void (*kernel)(const int*, int*), bool backwards, Expected expected) {
  std::vector<int> x(128), y(128);
  for (int i = 0; i < 128; ++i) x[static_cast<std::size_t>(i)] = 1000 + i;
  shim::backwards = backwards;
  shim::launch(kernel, 1, 128, static_cast<const int*>(x.data()), y.data());
  shim::backwards = false;
  int count = 0;
  for (int i = 0; i < 128; ++i) count += y[static_cast<std::size_t>(i)] != 1000 + expected(i) ? 1 : 0;
  return count;
}

}  // namespace

TEST_CASE("a barrier holds every thread until all have come, in both orders") {
  const auto reversed = [](int i) { return 127 - i; };
  CHECK(wrong(reverse<true>, false, reversed) == 0);
  CHECK(wrong(reverse<true>, true, reversed) == 0);
}

TEST_CASE("a missing barrier is found in one of the orders at least") {
  const auto reversed = [](int i) { return 127 - i; };
  CHECK(wrong(reverse<false>, false, reversed) == 64);
  CHECK(wrong(reverse<false>, true, reversed) == 64);
  const auto one_before = [](int i) { return std::max(i - 1, 0); };
  CHECK(wrong(neighbour, false, one_before) == 0);
  CHECK(wrong(neighbour, true, one_before) == 127);
}

TEST_CASE("a skipped barrier is a missing one") {
  shim::skipped_barrier = 0;
  CHECK(wrong(reverse<true>, false, [](int i) { return 127 - i; }) == 64);
  shim::skipped_barrier = -1;
}

TEST_CASE("lanes exchange values and votes, also where other threads have ended") {
  for (const bool backwards : {false, true}) {
    std::vector<int> sums(96, -1);
    std::vector<unsigned> votes(96);
    shim::backwards = backwards;
    shim::launch(lanes_talk, 1, 96, 64, sums.data(), votes.data());
    shim::backwards = false;
    for (std::size_t t = 0; t < 96; ++t) {
      CHECK(sums[t] == (t < 32 ? 496 + 5000 : t < 64 ? 1520 + 37000 : -1));
      CHECK(votes[t] == (t < 64 ? 0x55555555u : 0u));
    }
  }
}

TEST_CASE("shared memory holds NaN at the beginning of every block") {
  std::vector<float> y(12, 0);
  shim::launch(keep_in_shared, 3, 4, y.data());
  for (const float v : y) CHECK(std::isnan(v));
}

TEST_CASE("blocks and threads know where they are in three directions") {
  std::vector<int> y(12 * 24, 0);
  shim::launch(where, dim3(2, 3, 2), dim3(4, 3, 2), y.data());
  for (std::size_t i = 0; i < y.size(); ++i) CHECK(y[i] == static_cast<int>(i));
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_CASE("threads that wait for each other at different places end the program") {
  int y = 0;
  CHECK(clip::testing::signal_of([&] { shim::launch(wait_apart, 1, 64, &y); }) == SIGABRT);
}
#endif
