#include <clip/image/resize/passes.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <vector>

using namespace clip;

namespace {
Image random_image(Index width, Index height, Pixels pixels) {
  std::mt19937 random{static_cast<unsigned>(width)};
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(width * height * channels(pixels)));
  for (auto& b : bytes) b = static_cast<std::uint8_t>(random());
  return {width, height, pixels, std::move(bytes)};
}

/// True if transpose_pixels() writes the pixels of column left + i to row i, for all i in [x, end).
template <Index Channels>
bool transposes(const Image& image, Index left, Index x, Index end, Index top, Index rows) {
  constexpr Index step = Channels == 1 ? 1 : 4;
  detail::ByteRows out;
  out.reshape(end, rows * step);
  detail::transpose_pixels<Channels>(image, left, x, end, top, rows, out);
  bool good = true;
  for (Index i = x; i < end; ++i)
    for (Index r = 0; r < rows; ++r)
      for (Index c = 0; c < Channels; ++c)
        good = good && out.row(i)[r * step + c] == image.row(top + r)[(left + i) * Channels + c];
  return good;
}
}  // namespace

TEST_CASE("the transpose has the pixels of each column side by side, for any range of columns and rows") {
  for (Index width = 1; width <= 23; ++width) {
    const Image gray = random_image(width, 17, Pixels::gray), rgb = random_image(width, 17, Pixels::rgb),
                rgba = random_image(width, 17, Pixels::rgba);
    for (Index left = 0; left < std::min<Index>(width, 3); ++left)
      for (const Index rows : {1, 3, 4, 7, 16}) {
        CAPTURE(width);
        CAPTURE(left);
        CAPTURE(rows);
        const Index end = width - left;
        CHECK(transposes<1>(gray, left, end / 3, end, 17 - rows, rows));
        CHECK(transposes<3>(rgb, left, end / 3, end, 17 - rows, rows));
        CHECK(transposes<4>(rgba, left, end / 3, end, 17 - rows, rows));
        CHECK(transposes<3>(rgb, left, 0, end - end / 4, 17 - rows, rows));
      }
  }
}

TEST_CASE("move_up keeps the bytes of the rows") {
  detail::ByteRows rows;
  rows.reshape(9, 100);
  for (Index y = 0; y < 9; ++y) std::fill_n(rows.row(y), 100, static_cast<std::uint8_t>(y));
  rows.move_up(2, 7);
  for (Index y = 0; y < 7; ++y)
    CHECK(std::all_of(rows.row(y), rows.row(y) + 100, [&](std::uint8_t b) { return b == y + 2; }));
}
