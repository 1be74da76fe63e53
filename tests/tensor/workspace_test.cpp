#include <clip/backend/naive.hpp>
#include <clip/tensor/workspace.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <memory>

using namespace clip;

namespace {

struct Counting : Naive<double> {
  std::shared_ptr<int> allocations = std::make_shared<int>(0);
  void* allocate(std::size_t bytes) {
    ++*allocations;
    return Naive<double>::allocate(bytes);
  }
};

void fill_with(Workspace<Counting>& workspace, Index size) {
  workspace.clear();
  for (Index i = 1; i < 8; ++i) workspace.allocate(size, i);
}

}  // namespace

TEST_CASE("matrices of a workspace do not overlap and begin at multiples of 64 bytes") {
  Workspace<Naive<float>> workspace;
  const View<float> a = workspace.allocate(3, 5), b = workspace.allocate(1, 1), c = workspace.allocate(2, 40);
  for (const View<float>& x : {a, b, c}) workspace.backend().fill(x, 0);
  workspace.backend().fill(a, 1);
  workspace.backend().fill(b, 2);
  workspace.backend().fill(c, 3);
  CHECK((a(2, 4) == 1 && b(0, 0) == 2 && c(0, 0) == 3));
  for (const float* p : {a.data, b.data, c.data}) CHECK(reinterpret_cast<std::uintptr_t>(p) % 64 == 0);
}

TEST_CASE("memory allocated after a mark is reused after its release") {
  Workspace<Naive<float>> workspace;
  const View<float> before = workspace.allocate(2, 2);
  const auto mark = workspace.mark();
  const float* first = workspace.allocate(4, 4).data;
  workspace.allocate(100, 100);
  workspace.release(mark);
  CHECK(workspace.allocate(4, 4).data == first);
  CHECK(before.data != first);
}

TEST_CASE("nothing is allocated once the largest size has been seen") {
  Counting backend;
  Workspace<Counting> workspace{backend};
  fill_with(workspace, 50);
  fill_with(workspace, 50);  // merges the blocks added by the first pass
  const int seen = *backend.allocations;
  for (Index size : {50, 7, 50, 1, 49}) fill_with(workspace, size);
  CHECK(*backend.allocations == seen);
  fill_with(workspace, 200);
  CHECK(*backend.allocations > seen);
}

TEST_CASE("a matrix without rows does not overlap its neighbours") {
  Workspace<Naive<double>> workspace;
  const View<double> empty = workspace.allocate(0, 5);
  CHECK(empty.count() == 0);
  CHECK(workspace.allocate(1, 1).data != nullptr);
}
