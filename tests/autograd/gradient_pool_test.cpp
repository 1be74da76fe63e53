#include <clip/autograd/gradient_pool.hpp>
#include <clip/backend/naive.hpp>

#include <doctest/doctest.h>

#include <memory>

using namespace clip;

namespace {

struct Counting : Naive<float> {
  std::shared_ptr<int> allocations = std::make_shared<int>(0);
  std::shared_ptr<int> live = std::make_shared<int>(0);
  void* allocate(std::size_t bytes) {
    ++*allocations;
    ++*live;
    return Naive<float>::allocate(bytes);
  }
  void deallocate(void* p, std::size_t bytes) {
    --*live;
    Naive<float>::deallocate(p, bytes);
  }
};

}  // namespace

TEST_CASE("released memory is reused, the best fit first") {
  Counting b;
  GradientPool<Counting> pool;
  const View<float> large = pool.allocate(b, 100, 8), small = pool.allocate(b, 10, 8);
  CHECK(*b.allocations == 2);
  pool.release(large);
  pool.release(small);
  CHECK(pool.allocate(b, 5, 8).data == small.data);
  CHECK(pool.allocate(b, 5, 8).data == large.data);
  CHECK(*b.allocations == 2);
}

TEST_CASE("two live matrices never share memory") {
  Counting b;
  GradientPool<Counting> pool;
  const View<float> first = pool.allocate(b, 4, 4), second = pool.allocate(b, 4, 4);
  CHECK(first.data != second.data);
  CHECK((second.rows == 4 && second.cols == 4 && second.stride == 4));
}

TEST_CASE("sizes that grow from step to step do not accumulate blocks") {
  Counting b;
  GradientPool<Counting> pool;
  for (Index n = 1; n <= 100; ++n) {
    pool.clear();
    const View<float> first = pool.allocate(b, n, 16), second = pool.allocate(b, n, 16);
    CHECK(first.data != second.data);
  }
  CHECK(*b.live == 2);
}

TEST_CASE("clear releases every matrix and keeps the memory") {
  Counting b;
  GradientPool<Counting> pool;
  for (int step = 0; step < 5; ++step) {
    pool.clear();
    for (Index n : {7, 30, 2}) pool.allocate(b, n, n);
    if (step == 0) CHECK(*b.allocations == 3);
  }
  CHECK(*b.allocations == 3);
}
