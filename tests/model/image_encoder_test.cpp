// The image encoder alone, and its errors.
#include <clip/autograd/inference.hpp>
#include <clip/backend/cpu.hpp>
#include <clip/model/image_encoder.hpp>
#include <clip/model/initialise.hpp>

#include "../support/matrix.hpp"
#include "../support/small_models.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <thread>

using namespace clip;
using namespace clip::testing;

namespace {

using Encoder = ImageEncoder<Tiny, Cpu<float>>;

const Encoder& encoder() {
  static const Encoder made = [] {
    Encoder encoder;
    initialise(encoder, Rng{8});
    return encoder;
  }();
  return made;
}

}  // namespace

TEST_CASE("images of the wrong size are an InputError that names both sizes") {
  const auto of_size = [](Index channels, Index size) {
    return Images::from_floats(1, channels, size, size,
                               std::vector<float>(static_cast<std::size_t>(channels * size * size)));
  };
  CHECK_THROWS_WITH_AS(encoder().encode_image(of_size(3, 7)),
                       "encode_image: channels, height and width: expected (3, 6, 6), found (3, 7, 7)", InputError);
  CHECK_THROWS_WITH_AS(encoder().encode_image(of_size(1, 6)),
                       "encode_image: channels, height and width: expected (3, 6, 6), found (1, 6, 6)", InputError);
  Inference<Cpu<float>> cx;
  CHECK_THROWS_AS(encoder().encode_image(cx, of_size(3, 7)), InputError);
  CHECK_THROWS_AS(encoder().states(of_size(3, 7)), InputError);
}

TEST_CASE("no images are an InputError") {
  CHECK_THROWS_WITH_AS(encoder().encode_image(Images{}), "encode_image: number of images: expected 1 or more, found 0",
                       InputError);
}

TEST_CASE("a chunk of no images is an OptionError") {
  CHECK_THROWS_WITH_AS(encoder().encode_image(random_images(Tiny, 2, Rng{1}), 0),
                       "encode_image: chunk: expected 1 or more, found 0", OptionError);
}

TEST_CASE("the encoder works after an error") {
  const Images images = random_images(Tiny, 2, Rng{1});
  const auto before = encoder().encode_image(images);
  CHECK_THROWS(encoder().encode_image(Images{}));
  const auto after = encoder().encode_image(images);
  CHECK(std::ranges::equal(before.values(), after.values()));
}

TEST_CASE("the caller's context gives the bits of owned features") {
  const Images images = random_images(Tiny, 3, Rng{2});
  const auto owned = encoder().encode_image(images);
  Inference<Cpu<float>> cx;
  for (int time = 0; time < 2; ++time) {
    const auto rows = encoder().encode_image(cx, images);
    CHECK(std::ranges::equal(owned.values(), std::span<const float>(rows.view.data, owned.values().size())));
  }
}

TEST_CASE("states have a row per token; a layer out of range is an OptionError") {
  const Images images = random_images(Tiny, 3, Rng{2});
  for (Index layer = 0; layer <= 2; ++layer)
    CHECK(encoder().states(images, {.layer = layer}).shape() == Shape{3, 5, 8});
  const auto last = encoder().states(images), second = encoder().states(images, {.layer = 2}),
             first = encoder().states(images, {.layer = 1});
  CHECK(std::ranges::equal(last.values(), second.values()));
  CHECK_FALSE(std::ranges::equal(last.values(), first.values()));
  CHECK_THROWS_WITH_AS(encoder().states(images, {.layer = 3}), "states: layer: expected -3 to 2, found 3", OptionError);
}

TEST_CASE("threads encode concurrently, with the same bits") {
  const Images images = random_images(Tiny, 9, Rng{3});
  const auto expected = encoder().encode_image(images);
  bool same[2] = {true, true};
  std::thread workers[2];
  for (int t = 0; t < 2; ++t)
    workers[t] = std::thread{[&, t] {
      for (int i = 0; i < 40; ++i) {
        const auto features = encoder().encode_image(images);
        same[t] = same[t] && std::ranges::equal(features.values(), expected.values());
      }
    }};
  for (auto& worker : workers) worker.join();
  CHECK(same[0]);
  CHECK(same[1]);
}
