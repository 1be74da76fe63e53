#include <clip/backend/naive.hpp>
#include <clip/tensor/buffer.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <utility>

using namespace clip;

namespace {

/// Counts allocations and deallocations.
struct Counting : Naive<float> {
  std::shared_ptr<std::map<void*, std::size_t>> out = std::make_shared<std::map<void*, std::size_t>>();
  void* allocate(std::size_t bytes) {
    void* p = Naive<float>::allocate(bytes);
    (*out)[p] = bytes;
    return p;
  }
  void deallocate(void* p, std::size_t bytes) {
    CHECK(out->at(p) == bytes);
    out->erase(p);
    Naive<float>::deallocate(p, bytes);
  }
};

static_assert(aligned_count<float>(1) == 16 && aligned_count<float>(16) == 16 && aligned_count<double>(9) == 16 &&
              aligned_count<double>(0) == 0);

}  // namespace

TEST_CASE("a buffer deallocates exactly its allocation, once") {
  Counting backend;
  {
    const Buffer<Counting> a{backend, 10};
    CHECK(backend.out->size() == 1);
    CHECK(a.count() == 10);
    CHECK(reinterpret_cast<std::uintptr_t>(a.data()) % 64 == 0);
  }
  CHECK(backend.out->empty());
}

TEST_CASE("a moved buffer keeps its address; the source becomes empty") {
  Counting backend;
  {
    Buffer<Counting> a{backend, 10}, b{backend, 3};
    const float* data = a.data();
    Buffer<Counting> c{std::move(a)};
    CHECK(c.data() == data);
    b = std::move(c);
    CHECK(b.data() == data);
    CHECK(b.count() == 10);
  }
  CHECK(backend.out->empty());
}

TEST_CASE("an empty buffer can be constructed and destroyed") {
  const Buffer<Counting> nothing;
  CHECK(nothing.data() == nullptr);
  const Buffer<Counting> zero{Counting{}, 0};
  CHECK(zero.count() == 0);
}
