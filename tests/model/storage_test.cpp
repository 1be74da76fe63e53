#include <clip/backend/naive.hpp>
#include <clip/model/storage.hpp>

#include "../support/matrix.hpp"

#include <doctest/doctest.h>

#include <cstdint>

using namespace clip;
using namespace clip::testing;

namespace {

struct Two {
  Parameter<float> first{{3, 5}, Init::ones()};
  Parameter<float> second{{}, Init::ones()};
  static void members(auto& self, auto&& visit) {
    visit("first", self.first);
    visit("second", self.second);
  }
};

}  // namespace

TEST_CASE("parameters get separate, aligned memory filled with zeros") {
  Two two;
  const auto memory = allocate_parameters(Naive<float>{}, two);
  CHECK(two.second.data >= two.first.data + 15);
  CHECK(two.second.data < memory.data() + memory.count());
  for (const float* p : {two.first.data, two.second.data}) CHECK(reinterpret_cast<std::uintptr_t>(p) % 64 == 0);
  CHECK(values_of(Naive<float>{}, View<const float>{two.first.view()}) == Values(15, 0));
}

TEST_CASE("a released context is reused; concurrent calls have different contexts") {
  InferencePool<Naive<float>> pool;
  const Naive<float> backend;
  const Inference<Naive<float>>* first;
  {
    auto a = pool.acquire(backend), b = pool.acquire(backend);
    CHECK(&*a != &*b);
    first = &*a;
  }
  const auto again = pool.acquire(backend), other = pool.acquire(backend);
  CHECK((&*again == first || &*other == first));
}
