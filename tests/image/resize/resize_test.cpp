#include <clip/image/resize/resize.hpp>
#include <clip/io/bytes.hpp>

#include <doctest/doctest.h>

#include <array>
#include <random>
#include <set>
#include <vector>

using namespace clip;

namespace {
Image random_image(Index width, Index height, Pixels pixels, unsigned seed = 1) {
  std::mt19937 random{seed};
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(width * height * channels(pixels)));
  for (auto& b : bytes) b = static_cast<std::uint8_t>(random());
  return {width, height, pixels, bytes};
}

/// All rows without padding.
std::vector<std::uint8_t> bytes(const Image& image) {
  std::vector<std::uint8_t> all;
  for (Index y = 0; y < image.height(); ++y)
    all.insert(all.end(), image.row(y), image.row(y) + image.width() * image.channels());
  return all;
}
std::uint32_t checksum(const Image& image) {
  const std::vector<std::uint8_t> all = bytes(image);
  return crc32(std::as_bytes(std::span{all}));
}

/// Channel c alone.
Image channel(const Image& image, Index c) {
  std::vector<std::uint8_t> gray;
  for (Index y = 0; y < image.height(); ++y)
    for (Index x = 0; x < image.width(); ++x) gray.push_back(image.row(y)[x * image.channels() + c]);
  return {image.width(), image.height(), Pixels::gray, gray};
}

/// p(y, x, c) = 7x + 13y + 29c + 5((xy) mod 17) mod 256
Image synthetic(Index width, Index height) {
  std::vector<std::uint8_t> all;
  for (Index y = 0; y < height; ++y)
    for (Index x = 0; x < width; ++x)
      for (Index c = 0; c < 3; ++c)
        all.push_back(static_cast<std::uint8_t>(7 * x + 13 * y + 29 * c + 5 * ((x * y) % 17)));
  return {width, height, Pixels::rgb, all};
}

constexpr std::array filters{Interpolation::bicubic, Interpolation::bilinear};
constexpr std::array<std::array<Index, 4>, 11> sizes{{{1, 1, 5, 3},
                                                      {1, 40, 7, 7},
                                                      {33, 1, 8, 8},
                                                      {50, 40, 40, 32},
                                                      {37, 53, 64, 91},
                                                      {64, 64, 64, 20},
                                                      {64, 64, 20, 64},
                                                      {225, 223, 224, 224},
                                                      {130, 200, 3, 199},
                                                      {31, 150, 28, 60},  // vertical pass first in Pillow 13
                                                      {29, 90, 70, 41}}};

struct Manner {
  Interpolation interpolation;
  Resampling resampling;
};
/// Every filter of every library.
std::vector<Manner> manners() {
  std::vector<Manner> all;
  for (const Interpolation interpolation : filters)
    for (const Resampling resampling : resamplings) all.push_back({interpolation, resampling});
  return all;
}
}  // namespace

TEST_CASE("resize: known images have known checksums") {
  struct Known {
    Index width, height, to_width, to_height;
    Interpolation interpolation;
    std::uint32_t crc;
  };
  for (const Known& k : {Known{50, 40, 40, 32, Interpolation::bicubic, 0x5FEC35C5},
                         Known{50, 40, 40, 32, Interpolation::bilinear, 0x0917681A},
                         Known{300, 200, 336, 224, Interpolation::bicubic, 0x28ED77AC},
                         Known{37, 53, 64, 91, Interpolation::bilinear, 0xCB80997A},
                         Known{225, 224, 225, 224, Interpolation::bicubic, 0x335ED0D8},
                         Known{640, 427, 335, 224, Interpolation::bicubic, 0x3C51AADD},
                         Known{640, 427, 335, 224, Interpolation::bilinear, 0xD987B40D},
                         Known{300, 200, 224, 224, Interpolation::bicubic, 0xD9EAF08E}})
    CHECK(checksum(resize(synthetic(k.width, k.height), k.to_width, k.to_height, k.interpolation)) == k.crc);
}

TEST_CASE("resize keeps an image of one colour unchanged") {
  for (const auto& [interpolation, resampling] : manners())
    for (const auto& [w, h, width, height] : sizes)
      for (const std::uint8_t level : std::array<std::uint8_t, 4>{0, 1, 128, 255}) {
        const Image image{w, h, Pixels::rgb, std::vector<std::uint8_t>(static_cast<std::size_t>(3 * w * h), level)};
        const Image resized = resize(image, width, height, interpolation, resampling);
        CHECK(resized.width() == width);
        CHECK(resized.height() == height);
        CHECK(resized.pixels() == Pixels::rgb);
        CHECK(bytes(resized) == std::vector<std::uint8_t>(static_cast<std::size_t>(3 * width * height), level));
      }
}

TEST_CASE("resize treats channels separately: an RGB image, or an opaque RGBA image, equals three grey images") {
  for (const auto& [interpolation, resampling] : manners())
    for (const auto& [w, h, width, height] : sizes) {
      const Image image = random_image(w, h, Pixels::bgr);
      const Image resized = resize(image, width, height, interpolation, resampling);
      CHECK(resized.pixels() == Pixels::bgr);
      std::vector<std::uint8_t> opaque;
      for (std::size_t i = 0; const std::uint8_t b : bytes(image)) {
        opaque.push_back(b);
        if (++i % 3 == 0) opaque.push_back(255);
      }
      const Image with_alpha = resize(Image{w, h, Pixels::bgra, opaque}, width, height, interpolation, resampling);
      for (Index c = 0; c < 3; ++c) {
        const auto alone = bytes(resize(channel(image, c), width, height, interpolation, resampling));
        CHECK(bytes(channel(resized, c)) == alone);
        CHECK(bytes(channel(with_alpha, c)) == alone);
      }
    }
}

TEST_CASE("resize reads views of any stride, top or bottom row first, and no byte outside") {
  for (const auto& [w, h, width, height] : sizes)
    for (Pixels pixels : {Pixels::gray, Pixels::rgb, Pixels::rgba}) {
      const Image image = random_image(w, h, pixels);
      const Index row = w * channels(pixels);
      // Exactly as many bytes as there are pixels, last row first: an address sanitizer detects a read beyond either
      // end.
      std::vector<std::uint8_t> upside_down;
      for (Index y = h; y-- > 0;) upside_down.insert(upside_down.end(), image.row(y), image.row(y) + row);
      upside_down.shrink_to_fit();
      const Image borrowed = Image::view(upside_down.data() + (h - 1) * row, w, h, -row, pixels);
      CHECK(bytes(resize(borrowed, width, height)) == bytes(resize(image, width, height)));
    }
}

TEST_CASE("a part of a resized image equals that part of the whole, bit for bit") {
  detail::Resizer resizer;
  for (const auto& [interpolation, resampling] : manners())
    for (Pixels pixels : {Pixels::gray, Pixels::rgb, Pixels::rgba, Pixels::gray16})
      for (const auto& [w, h, width, height] : sizes) {
        if (resampling == Resampling::torchvision && pixels == Pixels::gray16) continue;
        const Image image = random_image(w, h, pixels), whole = resize(image, width, height, interpolation, resampling);
        const detail::Box part{width / 3, height / 4, width - width / 3 - width / 5, height - height / 4 - height / 5};
        const auto manner = detail::ResizeManner::of(image, interpolation, resampling);
        const Image found = resizer(image, width, height, part, manner);
        const Image expected = Image::view(whole.row(part.top) + part.left * whole.channels(), part.width, part.height,
                                           whole.stride(), pixels);
        CHECK(bytes(found) == bytes(expected));
      }
}

TEST_CASE("resize to the same size is a copy, including colours of transparent pixels") {
  const Image image = random_image(19, 23, Pixels::rgba);
  for (const Resampling resampling : resamplings) {
    const Image copy = resize(image, 19, 23, Interpolation::bicubic, resampling);
    CHECK(bytes(copy) == bytes(image));
    CHECK(copy.row(0) != image.row(0));
  }
}

TEST_CASE("Pillow 12 and 13 agree where one pass is enough or the rows come first, and differ elsewhere") {
  const auto agree = [](Index w, Index h, Index width, Index height) {
    const Image image = random_image(w, h, Pixels::rgba);
    const auto pillow = [&](Resampling r) { return bytes(resize(image, width, height, Interpolation::bicubic, r)); };
    return pillow(Resampling::pillow13) == pillow(Resampling::pillow12);
  };
  CHECK(agree(60, 150, 60, 40));
  CHECK(agree(60, 150, 30, 150));
  CHECK(agree(60, 80, 30, 40));
  CHECK(!agree(62, 155, 56, 140));
  CHECK(!agree(30, 80, 60, 40));
}

TEST_CASE("torchvision resizes every channel by itself: alpha weights no colours, palettes are colours") {
  const Image rgba = random_image(40, 30, Pixels::rgba), colors = random_image(40, 30, Pixels::rgb);
  const auto torchvision = [](const Image& image) {
    return resize(image, 17, 23, Interpolation::bilinear, Resampling::torchvision);
  };
  for (Index c = 0; c < 4; ++c) CHECK(bytes(channel(torchvision(rgba), c)) == bytes(torchvision(channel(rgba, c))));
  CHECK(bytes(torchvision(Image{colors}.as_palette())) == bytes(torchvision(colors)));
  CHECK(try_resize(random_image(4, 4, Pixels::gray16), 2, 2, Interpolation::bicubic, Resampling::torchvision)
            .error()
            .message() == "resize: pixels: expected 8 bits per channel for torchvision, found 16 bits");
}

TEST_CASE("transparent pixels do not bleed into opaque ones") {
  std::vector<std::uint8_t> checkered;
  for (int i = 0; i < 64; ++i) checkered.insert(checkered.end(), {10, 20, 30, 255, 255, 255, 255, 0});
  const Image resized = resize(Image{16, 8, Pixels::rgba, checkered}, 8, 4, Interpolation::bilinear);
  for (Index x = 0; x < 8; ++x) {
    CHECK(resized.row(1)[4 * x] <= 11);
    CHECK(resized.row(1)[4 * x + 3] < 200);
  }
}

TEST_CASE("palette images keep their colours: each pixel is its nearest neighbour") {
  const Image image = random_image(13, 9, Pixels::rgb).as_palette();
  std::set<std::array<std::uint8_t, 3>> colors;
  for (Index y = 0; y < 9; ++y)
    for (Index x = 0; x < 13; ++x)
      colors.insert({image.row(y)[3 * x], image.row(y)[3 * x + 1], image.row(y)[3 * x + 2]});
  for (Interpolation interpolation : filters) {
    const Image resized = resize(image, 40, 7, interpolation);
    CHECK(resized.palette());
    for (Index y = 0; y < 7; ++y)
      for (Index x = 0; x < 40; ++x)
        CHECK(colors.count({resized.row(y)[3 * x], resized.row(y)[3 * x + 1], resized.row(y)[3 * x + 2]}) == 1);
  }
  CHECK(bytes(resize(resize(image, 26, 27), 13, 9)) == bytes(image));
}

TEST_CASE("resize: an image without pixels and a side of 0 or above the limit are errors") {
  const Image image = random_image(4, 4, Pixels::gray);
  const auto message = [](const Result<Image>& result, ErrorKind kind) {
    REQUIRE(!result);
    CHECK(result.error().kind() == kind);
    return result.error().message();
  };
  CHECK(message(try_resize(Image{}, 4, 4), ErrorKind::input) ==
        "resize: size of the image: expected at least 1 x 1, found 0 x 0");
  CHECK(message(try_resize(image, 0, 4), ErrorKind::option) == "resize: size: expected at least 1 x 1, found 0 x 4");
  CHECK(message(try_resize(image, 4, -1), ErrorKind::option) == "resize: size: expected at least 1 x 1, found 4 x -1");
  CHECK(message(try_resize(image, longest_side + 1, 1), ErrorKind::option) ==
        "resize: size: expected sides of at most 2^24, found 16777217 x 1");
  CHECK_THROWS_AS((void)resize(Image{}, 4, 4), InputError);
  CHECK_THROWS_AS((void)resize(image, 0, 4), OptionError);
}
