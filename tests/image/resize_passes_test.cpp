#include <clip/image/resize_passes.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <random>
#include <utility>
#include <vector>

using namespace clip;

TEST_CASE("a weighted sum is rounded to nearest and clamped") {
  constexpr std::int32_t one = 1 << detail::weight_bits;
  std::vector<std::uint8_t> in(2 * detail::lanes);
  std::mt19937 random{7};
  for (auto& b : in) b = static_cast<std::uint8_t>(random());
  for (const auto& [a, b] :
       {std::pair<std::int32_t, std::int32_t>{one, 0}, {one / 2, one / 2}, {one + one / 4, -one / 4}, {-one / 4, one + one / 4}, {one, one}, {-one, 0}}) {
    const std::int32_t weights[]{a, b};
    std::uint8_t out[detail::lanes];
    detail::weighted_sum(in.data(), detail::lanes, weights, 2, out);
    for (Index l = 0; l < detail::lanes; ++l) {
      const double exact =
          (static_cast<double>(a) * in[static_cast<std::size_t>(l)] + static_cast<double>(b) * in[static_cast<std::size_t>(l + detail::lanes)]) / one;
      CHECK(out[l] == std::clamp(static_cast<int>(std::floor(exact + 0.5)), 0, 255));
    }
  }
}

TEST_CASE("a weighted sum of no taps is zero") {
  std::uint8_t out[detail::lanes];
  detail::weighted_sum(nullptr, 0, nullptr, 0, out);
  for (std::uint8_t b : out) CHECK(b == 0);
}
