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
    ++*allocations, ++*live;
    return Naive<float>::allocate(bytes);
  }
  void deallocate(void* p, std::size_t bytes) {
    --*live;
    Naive<float>::deallocate(p, bytes);
  }
};

}  // namespace

TEST_CASE("what was given back is lent again, the best fit first") {
  Counting b;
  GradientPool<Counting> pool;
  const View<float> large = pool.lend(b, 100, 8), small = pool.lend(b, 10, 8);
  CHECK(*b.allocations == 2);
  pool.give_back(large);
  pool.give_back(small);
  CHECK(pool.lend(b, 5, 8).data == small.data);
  CHECK(pool.lend(b, 5, 8).data == large.data);
  CHECK(*b.allocations == 2);
}

TEST_CASE("what is lent is not lent twice") {
  Counting b;
  GradientPool<Counting> pool;
  const View<float> first = pool.lend(b, 4, 4), second = pool.lend(b, 4, 4);
  CHECK(first.data != second.data);
  CHECK((second.rows == 4 && second.cols == 4 && second.stride == 4));
}

TEST_CASE("sizes that rise from step to step do not pile up") {
  Counting b;
  GradientPool<Counting> pool;
  for (Index n = 1; n <= 100; ++n) {
    pool.clear();
    const View<float> first = pool.lend(b, n, 16), second = pool.lend(b, n, 16);
    CHECK(first.data != second.data);
  }
  CHECK(*b.live == 2);
}

TEST_CASE("clear takes everything back and keeps the memory") {
  Counting b;
  GradientPool<Counting> pool;
  for (int step = 0; step < 5; ++step) {
    pool.clear();
    for (Index n : {7, 30, 2}) pool.lend(b, n, n);
    if (step == 0) CHECK(*b.allocations == 3);
  }
  CHECK(*b.allocations == 3);
}
