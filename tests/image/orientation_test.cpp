#include <clip/image/orientation.hpp>

#include <doctest/doctest.h>

#include <vector>

using namespace clip;

namespace {
/// 3 x 2, grey:  1 2 3
///               4 5 6
const Image gray{3, 2, Pixels::gray, {1, 2, 3, 4, 5, 6}};

std::vector<int> bytes(const Image& image) {
  return {image.row(0), image.row(0) + image.width() * image.height() * image.channels()};
}
}  // namespace

TEST_CASE("each orientation rotates and mirrors as EXIF defines it") {
  CHECK(bytes(oriented(gray, 1)) == std::vector<int>{1, 2, 3, 4, 5, 6});
  CHECK(bytes(oriented(gray, 2)) == std::vector<int>{3, 2, 1, 6, 5, 4});
  CHECK(bytes(oriented(gray, 3)) == std::vector<int>{6, 5, 4, 3, 2, 1});
  CHECK(bytes(oriented(gray, 4)) == std::vector<int>{4, 5, 6, 1, 2, 3});
  CHECK(bytes(oriented(gray, 5)) == std::vector<int>{1, 4, 2, 5, 3, 6});
  CHECK(bytes(oriented(gray, 6)) == std::vector<int>{4, 1, 5, 2, 6, 3});
  CHECK(bytes(oriented(gray, 7)) == std::vector<int>{6, 3, 5, 2, 4, 1});
  CHECK(bytes(oriented(gray, 8)) == std::vector<int>{3, 6, 2, 5, 1, 4});
  CHECK(oriented(gray, 6).width() == 2);
  CHECK(oriented(gray, 6).height() == 3);
  CHECK(oriented(gray, 3).width() == 3);
}

TEST_CASE("numbers that are not an orientation return a copy") {
  for (const int orientation : {-1, 0, 9, 1000}) CHECK(bytes(oriented(gray, orientation)) == bytes(gray));
}

TEST_CASE("multi-byte pixels stay intact, and the palette flag is kept") {
  const Image rgb = Image{2, 1, Pixels::rgb, {1, 2, 3, 4, 5, 6}}.as_palette();
  const Image rotated = oriented(rgb, 8);
  CHECK(bytes(rotated) == std::vector<int>{4, 5, 6, 1, 2, 3});
  CHECK(rotated.height() == 2);
  CHECK(rotated.palette());
}
