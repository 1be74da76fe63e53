#include <clip/backend/cpu/peak.hpp>

#include <doctest/doctest.h>

#include <numeric>
#include <utility>

using namespace clip;

TEST_CASE("chains of multiply-adds are all computed") {
  using P = cpu::Simd<float>;
  const P half(0.5f);
  // x = x/2 + 1/2 comes from 0, 4 and 8 down to 1 within the accuracy of a float.
  const auto sum = [&](Index rounds) {
    float x[3 * P::size];
    for (Index i = 0; i < 3 * P::size; ++i) x[i] = static_cast<float>(i / P::size * 4);
    cpu::run_chains<P>(std::make_integer_sequence<Index, 3>{}, rounds, x, [half](P v) { return fma(v, half, half); });
    return std::accumulate(x, x + 3 * P::size, 0.0f);
  };
  CHECK(sum(0) == 12 * P::size);
  CHECK(sum(1) == 7.5f * P::size);
  CHECK(sum(60) == 3 * P::size);
}

TEST_CASE("a peak is found for every type and number of threads") {
  CHECK(peak_flops<float>(1) > 0);
  CHECK(peak_flops<double>(3) > 0);
  for (const Layout layout : {Layout::rows, CpuLayout::half_panels, CpuLayout::bfloat16_panels, CpuLayout::int8_panels})
    CHECK(peak_flops(layout, 1) > 0);
}
