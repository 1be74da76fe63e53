#include <clip/backend/cpu/peak.hpp>

#include <doctest/doctest.h>

using namespace clip;

TEST_CASE("chains of multiply-adds are all computed") {
  using P = Pack<float>;
  const P half(0.5f);
  // From 4 i on, x = x/2 + 1/2 comes down to 1 within the accuracy of a float.
  const auto sum = [&](Index rounds) {
    return detail::run_chains<P>(
               std::make_integer_sequence<Index, 3>{}, rounds, [](Index i) { return P(4 * i); }, [half](P x) { return fma(x, half, half); })
        .sum();
  };
  CHECK(sum(0) == 12 * P::size);
  CHECK(sum(1) == 7.5f * P::size);
  CHECK(sum(60) == 3 * P::size);
}

TEST_CASE("a peak is found for every type and number of threads") {
  CHECK(peak_flops<float>(1) > 0);
  CHECK(peak_flops<double>(3) > 0);
}
