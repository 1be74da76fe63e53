#include <clip/image/image.hpp>

#include <doctest/doctest.h>

#include <numeric>
#include <type_traits>
#include <vector>

using namespace clip;

// That an image is no batch of preprocessed ones is a sentence of the compiler:
// compile_fail/image_not_preprocessed.cpp.
static_assert(!std::is_convertible_v<Images, Image> && !std::is_constructible_v<Image, Images>);

TEST_CASE("image: copies and moves keep owned pixels") {
  std::vector<std::uint8_t> bytes(2 * 3 * 3);
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
  Image a{3, 2, Pixels::rgb, bytes};
  const Image copy = a;
  const Image moved = std::move(a);
  for (const Image* image : {&copy, &moved}) {
    CHECK(image->width() == 3);
    CHECK(image->height() == 2);
    CHECK(image->channels() == 3);
    for (Index y = 0; y < 2; ++y)
      for (Index i = 0; i < 9; ++i) CHECK(image->row(y)[i] == y * 9 + i);
  }
  CHECK(Image{}.empty());
}

TEST_CASE("image: a view refers to the caller's memory, with padded rows, and bottom row first") {
  std::vector<std::uint8_t> memory(3 * 10);
  std::iota(memory.begin(), memory.end(), std::uint8_t{0});
  const Image down = Image::view(memory.data(), 2, 3, 10, Pixels::bgra),
              up = Image::view(memory.data() + 20, 2, 3, -10, Pixels::bgra);
  CHECK(down.channels() == 4);
  CHECK(down.row(2) == memory.data() + 20);
  CHECK(up.row(2) == memory.data());
  const Image copy = down;
  memory[10] = 99;
  CHECK(copy.row(1)[0] == 99);
}

TEST_CASE("image: bytes, strides and extents that do not match are errors") {
  CHECK_THROWS_WITH_AS((Image{3, 2, Pixels::rgb, std::vector<std::uint8_t>(17)}), "image: bytes: expected 18, found 17",
                       InputError);
  CHECK_THROWS_WITH_AS((Image{-1, 2, Pixels::gray, {}}), "image: size: expected 0 or more, found -1 x 2", InputError);
  const std::uint8_t memory[64] = {};
  CHECK_THROWS_WITH_AS((void)Image::view(memory, 3, 2, 8, Pixels::rgb), "image: stride: expected at least 9, found 8",
                       InputError);
  CHECK_THROWS_AS((void)Image::view(nullptr, 3, 2, 9, Pixels::rgb), InputError);
}

TEST_CASE("images: from_floats keeps shape and values") {
  std::vector<float> values(2 * 3 * 4 * 5);
  std::iota(values.begin(), values.end(), 0.0f);
  const Images images = Images::from_floats(2, 3, 4, 5, values);
  CHECK(images.size() == 2);
  CHECK(images.channels() == 3);
  CHECK(images.height() == 4);
  CHECK(images.width() == 5);
  CHECK(images.image(1)[0] == 60.0f);
  CHECK(images.image(1).size() == 60);
  CHECK_THROWS_WITH_AS((void)Images::from_floats(2, 3, 4, 5, std::vector<float>(119)),
                       "images: values: expected 2 x 3 x 4 x 5, found 119", InputError);
  CHECK_THROWS_AS((void)Images::from_floats(-1, 3, 4, -5, std::vector<float>(60)), InputError);
}

TEST_CASE("images: a smaller shape reuses the memory") {
  Images images;
  images.resize_for_reuse(4, 3, 8, 8);
  const float* const at = images.values().data();
  images.resize_for_reuse(1, 3, 8, 8);
  CHECK(images.values().size() == 192);
  images.resize_for_reuse(4, 3, 8, 8);
  CHECK(images.values().data() == at);
}
