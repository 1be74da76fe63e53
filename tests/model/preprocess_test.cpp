#include <clip/backend/naive.hpp>
#include <clip/model/model.hpp>
#include <clip/model/preprocess.hpp>

#include "../support/small_models.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <utility>
#include <vector>

using namespace clip;
using clip::testing::Odd;
using clip::testing::SmallResNet;

namespace {
std::vector<Image> noise_images(Index count) {
  std::mt19937 random{3};
  std::vector<Image> all;
  for (Index i = 0; i < count; ++i) {
    const Index width = 5 + 3 * i, height = 40 - i;
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(3 * width * height));
    for (auto& b : bytes) b = static_cast<std::uint8_t>(random());
    all.emplace_back(width, height, Pixels::rgb, std::move(bytes));
  }
  return all;
}
bool same(const Images& a, const Images& b) {
  return a.size() == b.size() && std::ranges::equal(a.values(), b.values());
}
}  // namespace

TEST_CASE("preprocessing on a model's threads gives the bits of one thread, for every kind of model") {
  const std::vector<Image> images = noise_images(11);
  const Model<Odd> vit{Cpu<>{{.threads = 3}}};
  const Model<SmallResNet> resnet{Cpu<>{{.threads = 2}}};
  CHECK(same(preprocess(vit, images), preprocess(Odd.image, images)));
  CHECK(same(preprocess(resnet, images), preprocess(SmallResNet.image, images)));
  CHECK(same(preprocess(vit, images[4]), preprocess(Odd.image, images[4])));
  const Model<Odd, Naive<>> naive;  // has no threads
  CHECK(same(preprocess(naive, images), preprocess(vit, images)));
}

TEST_CASE("preprocessing on a model's threads reuses memory, and an error names the bad image") {
  std::vector<Image> images = noise_images(5);
  const Model<Odd> model{Cpu<>{{.threads = 2}}};
  Images out;
  preprocess(model, images, out);
  const float* const at = out.values().data();
  preprocess(model, images, out);
  CHECK(out.values().data() == at);
  images[3] = Image{};
  const auto result = try_preprocess(model, images, out);
  REQUIRE(!result);
  CHECK(result.error().message() == "preprocess: size of image 3: expected at least 1 x 1, found 0 x 0");
}
