#include <clip/image/alpha.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>

using namespace clip;

namespace {
constexpr std::size_t count = 16;
using Block = std::array<std::uint8_t, detail::alpha_block>;

/// Sixteen pixels with colours around c and the same alpha.
Block block(int c, int alpha) {
  Block pixels;
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t k = 0; k < 4; ++k)
      pixels[4 * i + k] = static_cast<std::uint8_t>(k == 3 ? alpha : c + static_cast<int>(i * (k + 1)));
  return pixels;
}

/// Applies f(colour, alpha) to every colour; alpha does not change.
template <class F>
Block each(Block pixels, F f) {
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t k = 0; k < 3; ++k)
      pixels[4 * i + k] = static_cast<std::uint8_t>(f(int{pixels[4 * i + k]}, int{pixels[4 * i + 3]}));
  return pixels;
}
}  // namespace

TEST_CASE("multiplication by alpha rounds to nearest, for all colours") {
  for (int alpha = 0; alpha < 256; ++alpha)
    for (int c = 0; c < 256; ++c) {
      Block pixels = block(c, alpha);
      const Block expected = each(pixels, [](int x, int a) { return (2 * x * a + 255) / 510; });
      detail::multiply_by_alpha(pixels.data());
      REQUIRE(pixels == expected);
    }
}

TEST_CASE("division by alpha rounds down, for all colours; 0 and 255 do not change them") {
  for (int alpha = 0; alpha < 256; ++alpha)
    for (int c = 0; c < 256; ++c) {
      Block pixels = block(c, alpha);
      const Block expected =
          each(pixels, [](int x, int a) { return a == 0 || a == 255 ? x : std::min(255 * x / a, 255); });
      detail::divide_by_alpha(pixels.data());
      REQUIRE(pixels == expected);
    }
}
