#include <clip/config/vit.hpp>
#include <clip/image/preprocess.hpp>
#include <clip/image/read.hpp>
#include <clip/io/bytes.hpp>

#include "../io/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <array>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

using namespace clip;

namespace {
/// The patterns of make_resize.py.
std::vector<std::uint8_t> pattern(const std::string& name, Index width, Index height, Index channels) {
  std::vector<std::uint8_t> bytes;
  bytes.reserve(static_cast<std::size_t>(width * height * channels));
  for (std::uint32_t y = 0; y < height; ++y)
    for (std::uint32_t x = 0; x < width; ++x)
      for (std::uint32_t c = 0; c < channels; ++c) {
        if (name == "waves") {
          bytes.push_back(static_cast<std::uint8_t>(7 * x + 13 * y + 29 * c + 5 * ((x * y) % 17)));
          continue;
        }
        std::uint32_t h = x * 0x9E3779B1U + y * 0x85EBCA77U + c * 0xC2B2AE3DU;
        h ^= h >> 15;
        h *= 0x2C1B3C6DU;
        h ^= h >> 12;
        h *= 0x297A2D39U;
        bytes.push_back(static_cast<std::uint8_t>(std::clamp(static_cast<int>(h >> 23) - 128, 0, 255)));
      }
  return bytes;
}

Image picture(const std::string& kind, const std::string& name, Index width, Index height) {
  if (kind == "gray") return {width, height, Pixels::gray, pattern(name, width, height, 1)};
  if (kind == "rgb") return {width, height, Pixels::rgb, pattern(name, width, height, 3)};
  if (kind == "rgba") return {width, height, Pixels::rgba, pattern(name, width, height, 4)};
  std::vector<std::uint8_t> colors;
  for (const std::uint8_t i : pattern(name, width, height, 1))
    for (int k = 0; k < 3; ++k) colors.push_back(static_cast<std::uint8_t>(37 * i + 11 * k));
  return Image{width, height, Pixels::rgb, std::move(colors)}.as_palette();
}

/// A model's size with a policy of its own.
struct Input {
  Index image_size;
  ResizeMode resize;
  Interpolation interpolation;
  ColorOrder color_order;
  std::array<float, 3> mean = openai_mean, deviation = openai_deviation;
};

Interpolation interpolation_of(const std::string& word) { return word == "bicubic" ? Interpolation::bicubic : Interpolation::bilinear; }

Input read_input(std::istream& line) {
  Index n;
  std::string mode, interpolation, order;
  line >> n >> mode >> interpolation >> order;
  return {n, mode == "squash" ? ResizeMode::squash : ResizeMode::shortest, interpolation_of(interpolation),
          order == "openai" ? ColorOrder::openai : ColorOrder::huggingface};
}

std::uint32_t checksum(const Image& image) {
  return crc32(std::as_bytes(std::span{image.row(0), static_cast<std::size_t>(image.height() * image.width() * image.channels())}));
}
std::uint32_t checksum(const Images& images) { return crc32(std::as_bytes(images.values())); }

/// computed(rest of the line) against its checksum, for the lines that begin with `what`.
template <class F>
void check_lines(const std::string& what, int expected_lines, F computed) {
  std::ifstream file(CLIP_SOURCE_DIR "/tests/golden/resize.txt");
  int lines = 0;
  for (std::string text; std::getline(file, text);) {
    std::istringstream line{text};
    std::string word;
    line >> word;
    if (word != what) continue;
    ++lines;
    CAPTURE(text);
    const std::uint32_t found = computed(line);
    std::uint32_t expected = 0;
    line >> std::hex >> expected;
    REQUIRE(line);
    CHECK(found == expected);
  }
  CHECK(lines == expected_lines);
}
}  // namespace

TEST_CASE("resize equals Pillow in every byte, for every kind of pixels, up and down") {
  check_lines("resize", 442, [](std::istream& line) {
    std::string kind, name, interpolation;
    Index w, h, width, height;
    line >> kind >> name >> w >> h >> width >> height >> interpolation;
    return checksum(resize(picture(kind, name, w, h), width, height, interpolation_of(interpolation)));
  });
}

TEST_CASE("preprocess equals the reference in every float, for every kind of pixels and every policy") {
  check_lines("preprocess", 272, [](std::istream& line) {
    std::string kind, name;
    Index w, h;
    line >> kind >> name >> w >> h;
    return checksum(preprocess(read_input(line), picture(kind, name, w, h)));
  });
}

TEST_CASE("reading and preprocessing PNG files equals the reference in every float") {
  CLIP_TEST_DATA_OR_RETURN(data, "PNG files of many kinds");
  check_lines("file", 48, [&](std::istream& line) {
    std::string name;
    line >> name;
    return checksum(preprocess(read_input(line), read_image(std::string(data) + "/images/" + name)));
  });
}
