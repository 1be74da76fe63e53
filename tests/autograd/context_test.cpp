#include <clip/autograd/context.hpp>

#include <doctest/doctest.h>

#include <vector>

using namespace clip;

TEST_CASE("kept objects are distinct until clear, and then reused with their memory") {
  Kept kept;
  auto& a = kept.take<std::vector<int>>();
  auto& b = kept.take<std::vector<int>>();
  auto& other = kept.take<std::vector<long>>();
  CHECK(&a != &b);
  a.assign(100, 1);
  other.assign(3, 2);
  kept.clear();
  CHECK(&kept.take<std::vector<int>>() == &a);
  CHECK(a.capacity() >= 100);
  CHECK(&kept.take<std::vector<long>>() == &other);
}
