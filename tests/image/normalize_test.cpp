#include <clip/image/normalize.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

using namespace clip;

namespace {
float by_definition(int byte, float mean, float deviation) {
  return (static_cast<float>(byte) / 255.0f - mean) / deviation;
}
}  // namespace

TEST_CASE("a byte becomes the float of the formula, computed or looked up, for any mean and deviation") {
  std::mt19937 random{5};
  std::uniform_real_distribution<float> some{0.01f, 1.0f};
  std::vector<std::pair<float, float>> channels{{0.0f, 1.0f}, {0.5f, 0.5f}, {0.5f, 3.0f}, {1.0f, 1e-20f}};
  for (std::size_t c = 0; c < 3; ++c) channels.emplace_back(openai_mean[c], openai_deviation[c]);
  for (int i = 0; i < 40; ++i) channels.emplace_back(some(random), some(random));
  for (const auto& [mean, deviation] : channels) {
    const detail::ChannelNormalization channel{mean, deviation};
    for (int byte = 0; byte < 256; ++byte) {
      REQUIRE(channel[static_cast<std::uint8_t>(byte)] == by_definition(byte, mean, deviation));
      if (!channel.computes()) continue;
      const std::vector<std::uint8_t> bytes(detail::normalize_block, static_cast<std::uint8_t>(byte));
      std::vector<float> computed(detail::normalize_block);
      channel.compute(bytes.data(), computed.data());
      REQUIRE(computed == std::vector<float>(detail::normalize_block, by_definition(byte, mean, deviation)));
    }
  }
}

TEST_CASE("for torchvision mean and deviation are scaled to bytes, computed or looked up") {
  Preprocessing how;
  how.resampling = Resampling::torchvision;
  std::vector<std::uint8_t> bytes;
  for (int byte = 0; byte < 256; ++byte) bytes.push_back(static_cast<std::uint8_t>(byte));
  std::vector<float> found(3 * 256);
  bool as_for_pillow = true;
  detail::Normalization{how}(Image{256, 1, Pixels::gray, bytes}, found);
  for (std::size_t c = 0; c < 3; ++c) {
    const volatile float mean = 255.0f * how.mean[c], deviation = 255.0f * how.deviation[c];  // not fused
    for (int byte = 0; byte < 256; ++byte) {
      const float value = found[c * 256 + static_cast<std::size_t>(byte)];
      CHECK(value == (static_cast<float>(byte) - mean) / deviation);
      as_for_pillow = as_for_pillow && value == by_definition(byte, how.mean[c], how.deviation[c]);
    }
  }
  CHECK(!as_for_pillow);
}

TEST_CASE("another rescale_factor, and no normalisation, are rounded as transformers does") {
  std::vector<std::uint8_t> bytes;
  for (int byte = 0; byte < 256; ++byte) bytes.push_back(static_cast<std::uint8_t>(byte));
  const auto planes = [&](const Preprocessing& how) {
    std::vector<float> found(3 * 256);
    detail::Normalization{how}(Image{256, 1, Pixels::gray, bytes}, found);
    return found;
  };
  int differ = 0;
  for (const double factor : {1 / 127.5, 0.0039, 1.0, 1.0 / 255})
    for (const Resampling resampling : resamplings)
      for (const bool normalize : {true, false}) {
        Preprocessing how{.color_order = ColorOrder::huggingface, .resampling = resampling};
        how.rescale_factor = factor;
        how.normalize = normalize;
        if (!normalize) {
          how.mean = {0, 0, 0};
          how.deviation = {1, 1, 1};
        }
        const std::vector<float> found = planes(how);
        for (std::size_t c = 0; c < 3; ++c) {
          const volatile float scale = static_cast<float>(1 / factor), single = static_cast<float>(factor);
          const volatile float mean = scale * how.mean[c], deviation = scale * how.deviation[c];
          for (int byte = 0; byte < 256; ++byte) {
            const auto x = static_cast<float>(byte);
            const float pillow = (static_cast<float>(byte * factor) - how.mean[c]) / how.deviation[c];
            const float torchvision = normalize ? (x - mean) / deviation : x * single;
            const float expected = resampling == Resampling::torchvision ? torchvision : pillow;
            CHECK(found[c * 256 + static_cast<std::size_t>(byte)] == expected);
            differ += pillow != torchvision ? 1 : 0;
          }
        }
      }
  CHECK(differ > 1000);
}

TEST_CASE("every pixel is written to its position in three planes, for every pixel format and any width") {
  const Preprocessing how;
  const detail::Normalization normalize{how};
  std::mt19937 random{6};
  for (const Pixels pixels :
       {Pixels::gray, Pixels::rgb, Pixels::bgr, Pixels::rgba, Pixels::bgra, Pixels::cmyk, Pixels::gray16})
    for (const Index width : {1, 2, 31, 32, 33, 64, 95}) {
      const Index height = 3;
      std::vector<std::uint8_t> bytes(static_cast<std::size_t>(width * height * channels(pixels)));
      for (auto& b : bytes) b = static_cast<std::uint8_t>(random());
      const Image image{width, height, pixels, std::move(bytes)}, rgb = to_rgb(image);
      std::vector<float> expected, found(static_cast<std::size_t>(3 * width * height));
      for (std::size_t c = 0; c < 3; ++c)
        for (Index y = 0; y < height; ++y)
          for (Index x = 0; x < width; ++x)
            expected.push_back(by_definition(rgb.row(y)[3 * x + static_cast<Index>(c)], how.mean[c], how.deviation[c]));
      normalize(image, found);
      CHECK(found == expected);
    }
}
