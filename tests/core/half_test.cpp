#include <clip/core/half.hpp>
#include <clip/core/scalar.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

using namespace clip;

static_assert(half_to_float(0x3C00) == 1.0f && half_to_float(0xC000) == -2.0f && half_to_float(0x7BFF) == 65504.0f);
static_assert(half_to_float(0x0001) == 0x1p-24f && half_to_float(0x0400) == 0x1p-14f &&
              half_to_float(0x03FF) == 0x3FFp-24f);
static_assert(bfloat16_to_float(0x3F80) == 1.0f);

namespace {
bool is_nan(std::uint16_t bits, std::uint16_t infinity) { return (bits & 0x7FFF) > infinity; }
}  // namespace

TEST_CASE("every half and every bfloat16 survives the round trip through float") {
  for (unsigned i = 0; i < 65536; ++i) {
    const auto bits = static_cast<std::uint16_t>(i);
    if (is_nan(bits, 0x7C00)) CHECK(std::isnan(half_to_float(float_to_half(half_to_float(bits)))));
    else REQUIRE(float_to_half(half_to_float(bits)) == bits);
    if (is_nan(bits, 0x7F80)) CHECK(std::isnan(bfloat16_to_float(float_to_bfloat16(bfloat16_to_float(bits)))));
    else REQUIRE(float_to_bfloat16(bfloat16_to_float(bits)) == bits);
  }
}

TEST_CASE("rounding is to nearest, ties to even, between every pair of neighbours") {
  for (unsigned i = 0; i < 0x7BFF; ++i) {
    const auto low = static_cast<std::uint16_t>(i), high = static_cast<std::uint16_t>(i + 1),
               even = (i & 1U) ? high : low;
    const float a = half_to_float(low), b = half_to_float(high), middle = (a + b) / 2;
    REQUIRE(float_to_half(middle) == even);
    REQUIRE(float_to_half(std::nextafter(middle, a)) == low);
    REQUIRE(float_to_half(std::nextafter(middle, b)) == high);
    REQUIRE(float_to_half(-middle) == (even | 0x8000U));
  }
  for (unsigned i = 0; i < 0x7F7F; ++i) {
    const auto low = static_cast<std::uint16_t>(i), high = static_cast<std::uint16_t>(i + 1),
               even = (i & 1U) ? high : low;
    const float middle = std::bit_cast<float>((i << 16) + 0x8000U);
    REQUIRE(float_to_bfloat16(middle) == even);
    REQUIRE(float_to_bfloat16(std::nextafter(middle, 0.0f)) == low);
    REQUIRE(float_to_bfloat16(std::nextafter(middle, std::numeric_limits<float>::infinity())) == high);
  }
}

TEST_CASE(
    "the relative rounding error is at most half_rounding or bfloat16_rounding, and nearly reaches it just above a "
    "power of two") {
  double of_half = 0, of_bfloat16 = 0;
  for (int i = 0; i < 4096; ++i) {
    const float x = 1 + static_cast<float>(i) * 0x1p-12f;
    of_half = std::max(of_half, static_cast<double>(std::abs(half_to_float(float_to_half(x)) - x) / x));
    of_bfloat16 = std::max(of_bfloat16, static_cast<double>(std::abs(bfloat16_to_float(float_to_bfloat16(x)) - x) / x));
  }
  CHECK((of_half <= half_rounding && of_half > 0.99 * half_rounding));
  CHECK((of_bfloat16 <= bfloat16_rounding && of_bfloat16 > 0.99 * bfloat16_rounding));
}

TEST_CASE("values above the largest finite one become infinity") {
  CHECK(float_to_half(65519.996f) == 0x7BFF);
  CHECK(float_to_half(65520.0f) == 0x7C00);
  CHECK(float_to_half(-1e30f) == 0xFC00);
  CHECK(float_to_bfloat16(std::numeric_limits<float>::max()) == 0x7F80);
  CHECK(float_to_half(0x1p-26f) == 0);
}
