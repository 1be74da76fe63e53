#include <clip/config/vit.hpp>
#include <clip/image/preprocess.hpp>
#include <clip/io/bytes.hpp>

#include <doctest/doctest.h>

#include <random>
#include <vector>

using namespace clip;

namespace {
/// All preprocessing asks of a model's configuration; VitConfig has it.
struct Small {
  Index image_size;
  std::array<float, 3> mean = openai_mean, deviation = openai_deviation;
};
static_assert(PreprocessConfig<Small> && PreprocessConfig<VitConfig>);

/// p(y, x, c) = 7x + 13y + 29c + 5((xy) mod 17) mod 256
Image synthetic(Index size) {
  std::vector<std::uint8_t> bytes;
  for (Index y = 0; y < size; ++y)
    for (Index x = 0; x < size; ++x)
      for (Index c = 0; c < 3; ++c) bytes.push_back(static_cast<std::uint8_t>(7 * x + 13 * y + 29 * c + 5 * ((x * y) % 17)));
  return {size, size, Pixels::rgb, bytes};
}

std::uint32_t checksum(std::span<const float> values) { return crc32(std::as_bytes(values)); }

/// The same picture in another order of bytes, inside wider rows.
struct Rearranged {
  std::vector<std::uint8_t> memory;
  Image image;
  Rearranged(const Image& rgb, Pixels pixels) {
    const Index step = channels(pixels), stride = rgb.width() * step + 13;
    memory.assign(static_cast<std::size_t>(stride * rgb.height()), 0xAA);
    for (Index y = 0; y < rgb.height(); ++y)
      for (Index x = 0; x < rgb.width(); ++x)
        for (Index c = 0; c < 3; ++c) {
          const Index to = pixels == Pixels::bgr || pixels == Pixels::bgra ? 2 - c : c;
          memory[static_cast<std::size_t>(y * stride + x * step + to)] = rgb.row(y)[3 * x + c];
        }
    image = Image::view(memory.data(), rgb.width(), rgb.height(), stride, pixels);
  }
};
}  // namespace

TEST_CASE("preprocess gives the reference's floats, bit for bit") {
  const Image image = synthetic(32);
  REQUIRE(crc32(std::as_bytes(std::span{image.row(0), 32 * 32 * 3})) == 0x764E07B6U);
  const Images out = preprocess(Small{32}, image);
  CHECK(out.size() == 1);
  CHECK(out.channels() == 3);
  CHECK(out.height() == 32);
  CHECK(out.width() == 32);
  CHECK(out.values()[0] == -1.7922625541687012f);
  CHECK(out.values()[1024] == -1.3168718814849854f);
  CHECK(out.values()[3071] == 1.5202142000198364f);
  CHECK(checksum(out.values()) == 0xCD62F8C3U);  // numpy, float32 throughout
}

TEST_CASE("preprocess gives the same floats for every order of bytes and any stride") {
  const Image image = synthetic(9);
  const auto expected = checksum(preprocess(Small{9}, image).values());
  for (Pixels pixels : {Pixels::rgb, Pixels::bgr, Pixels::rgba, Pixels::bgra})
    CHECK(checksum(preprocess(Small{9}, Rearranged{image, pixels}.image).values()) == expected);
}

TEST_CASE("preprocess of grey equals that of three equal colours") {
  std::mt19937 random{5};
  std::vector<std::uint8_t> gray(64), colours;
  for (auto& g : gray) {
    g = static_cast<std::uint8_t>(random());
    colours.insert(colours.end(), 3, g);
  }
  CHECK(checksum(preprocess(Small{8}, Image{8, 8, Pixels::gray, gray}).values()) == checksum(preprocess(Small{8}, Image{8, 8, Pixels::rgb, colours}).values()));
}

TEST_CASE("preprocess of several images is each of them alone, and reuses the memory") {
  const std::vector<Image> images{synthetic(8), Image{8, 8, Pixels::gray, std::vector<std::uint8_t>(64, 200)}, Image{8, 8, Pixels::rgba, std::vector<std::uint8_t>(256, 3)}};
  Images out;
  preprocess(Small{8}, images, out);
  REQUIRE(out.size() == 3);
  for (Index i = 0; i < 3; ++i) CHECK(checksum(std::as_const(out).image(i)) == checksum(preprocess(Small{8}, images[static_cast<std::size_t>(i)]).values()));
  const float* const at = out.values().data();
  preprocess(Small{8}, std::span{images}.first(1), out);
  CHECK(out.values().data() == at);
  CHECK(out.size() == 1);
  preprocess(Small{8}, std::span<const Image>{}, out);
  CHECK(out.size() == 0);
}

TEST_CASE("preprocess without normalisation is a division by 255") {
  const Images out = preprocess(Small{8, {0, 0, 0}, {1, 1, 1}}, Image{8, 8, Pixels::gray, std::vector<std::uint8_t>(64, 51)});
  for (float x : out.values()) CHECK(x == 51.0f / 255.0f);
}

TEST_CASE("preprocess: an image of another size is named, and the output stays") {
  const std::vector<Image> images{synthetic(8), Image{7, 8, Pixels::gray, std::vector<std::uint8_t>(56)}};
  Images out = preprocess(Small{8}, images[0]);
  const auto before = checksum(out.values());
  const auto result = try_preprocess(Small{8}, images, out);
  REQUIRE(!result);
  CHECK(result.error().kind() == ErrorKind::input);
  CHECK(result.error().message() == "preprocess: size of image 1: expected 8 x 8, found 7 x 8");
  CHECK(checksum(out.values()) == before);
  CHECK_THROWS_AS((void)preprocess(Small{8}, Image{}), InputError);
}

TEST_CASE("preprocess refuses a model whose input is not three channels") {
  struct Grey : Small {
    Index channels = 1;
  };
  CHECK_THROWS_WITH_AS((void)preprocess(Grey{{8}}, synthetic(8)), "preprocess: channels of the model's input: expected 3, found 1", OptionError);
}
