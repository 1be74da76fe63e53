#include <clip/backend/threads.hpp>
#include <clip/core/rng.hpp>
#include <clip/image/augment/augment.hpp>
#include <clip/image/augment/color.hpp>
#include <clip/image/preprocess.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

using namespace clip;

namespace {

Image random_image(Index width, Index height, Pixels pixels, std::uint64_t seed) {
  Rng rng{seed};
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(width * height * channels(pixels)));
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(rng.below(256));
  return {width, height, pixels, std::move(bytes)};
}

std::vector<std::uint8_t> bytes_of(const Image& image) {
  return {image.row(0), image.row(0) + image.width() * image.height() * image.channels()};
}

const Augmentation everything{.jitter = {.brightness = 0.4, .contrast = 0.4, .saturation = 0.4, .hue = 0.1}};

}  // namespace

TEST_CASE("model input is the augmented image, normalised, whatever the threads and the other images") {
  const ImageInput input{.image_size = 24, .preprocessing = {.resize_to = 30}};
  const std::vector<Image> images{random_image(40, 30, Pixels::rgb, 1), random_image(7, 50, Pixels::rgba, 2),
                                  random_image(24, 24, Pixels::gray, 3)};
  const Rng rng{5};
  Images one, many;
  augment(input, everything, images, rng, one);
  ThreadPool threads{3};
  augment(input, everything, images, rng, many, threads);
  CHECK(std::ranges::equal(one.values(), many.values()));

  const Image second = augmented(images[1], everything, 24, rng.fork(1));
  const Images expected = preprocess(ImageInput{.image_size = 24}, second);
  CHECK(std::ranges::equal(expected.values(), one.image(1)));
  augment(input, everything, images, rng.fork(1), many);
  CHECK_FALSE(std::ranges::equal(one.values(), many.values()));
}

TEST_CASE("an augmentation that draws nothing is a resize") {
  const Augmentation nothing{.crop = {.scale = {1, 1}, .ratio = {1, 1}}, .flip = 0};
  const Image image = random_image(32, 32, Pixels::rgb, 4);
  CHECK(bytes_of(augmented(image, nothing, 12, Rng{1})) == bytes_of(resize(image, 12, 12)));
  CHECK(bytes_of(augmented(image, nothing, 32, Rng{1})) == bytes_of(image));
}

TEST_CASE("a mirror image of a mirror image is the image; every pixel format becomes RGB") {
  for (const Pixels pixels : {Pixels::gray, Pixels::rgb, Pixels::bgr, Pixels::rgba, Pixels::bgra, Pixels::cmyk}) {
    const Image image = random_image(5, 3, pixels, 6);
    const Image once = flip_horizontally(image);
    CHECK(once.pixels() == Pixels::rgb);
    CHECK(bytes_of(flip_horizontally(once)) == bytes_of(to_rgb(image)));
    CHECK(std::equal(once.row(1), once.row(1) + 3, to_rgb(image).row(1) + 12));
  }
  const Image palette = random_image(20, 20, Pixels::rgb, 7).as_palette();
  CHECK(bytes_of(resized_crop(palette, {0, 0, 20, 20}, 9)) ==
        bytes_of(resize(Image{20, 20, Pixels::rgb, bytes_of(palette)}, 9, 9)));
}

TEST_CASE("crops lie inside the image, cover its corners, and keep to their areas") {
  Rng rng{8};
  double least = 1, most = 0;
  bool corner = false, opposite = false;
  for (int i = 0; i < 2000; ++i) {
    const CropBox box = draw_crop(40, 30, {}, rng);
    CHECK((box.left >= 0 && box.top >= 0 && box.left + box.width <= 40 && box.top + box.height <= 30));
    const double share = static_cast<double>(box.width * box.height) / 1200;
    least = std::min(least, share);
    most = std::max(most, share);
    corner = corner || (box.left == 0 && box.top == 0);
    opposite = opposite || (box.left + box.width == 40 && box.top + box.height == 30);
  }
  CHECK(least == doctest::Approx(0.08).epsilon(0.1));
  CHECK(most > 0.9);
  CHECK(corner);
  CHECK(opposite);
}

TEST_CASE("what cannot be drawn is refused before any image") {
  const Image image = random_image(4, 4, Pixels::rgb, 9);
  const auto refuse = [&](const Augmentation& how, const char* message) {
    CHECK_THROWS_WITH_AS((void)augmented(image, how, 4, Rng{1}), message, OptionError);
  };
  refuse({.crop = {.scale = {0, 1}}},
         "random resized crop: scale: expected two positive numbers, the smaller one first, found 0.000000 and "
         "1.000000");
  refuse({.crop = {.ratio = {2, 1}}},
         "random resized crop: ratio: expected two positive numbers, the smaller one first, found 2.000000 and "
         "1.000000");
  refuse({.flip = 1.5}, "augmentation: flip: expected 0 to 1, found 1.5");
  refuse({.jitter = {.contrast = -1}}, "augmentation: range of a factor: expected 0 or more, found -1");
  refuse({.jitter = {.hue = 0.6}}, "augmentation: hue: expected 0 to 0.5, found 0.6");
  CHECK_THROWS_AS((void)augmented(Image{}, {}, 4, Rng{1}), InputError);
  CHECK_THROWS_AS((void)resized_crop(image, {1, 0, 4, 4}, 4), InputError);
  CHECK_THROWS_AS((void)resized_crop(image, {0, 0, 0, 4}, 4), InputError);
  CHECK_THROWS_AS((void)adjust_brightness(image, -1), OptionError);
  CHECK_THROWS_AS((void)adjust_hue(image, 0.51), OptionError);
}
