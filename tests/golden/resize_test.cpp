#include <clip/image/preprocess.hpp>
#include <clip/image/read.hpp>

#include "../io/temporary_folder.hpp"
#include "image_lines.hpp"
#include "patterns.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <istream>
#include <string>
#include <utility>
#include <vector>

using namespace clip;

namespace {
Image pattern_image(const std::string& kind, const std::string& name, Index width, Index height) {
  if (kind == "gray") return {width, height, Pixels::gray, pattern(name, width, height, 1)};
  if (kind == "rgb") return {width, height, Pixels::rgb, pattern(name, width, height, 3)};
  if (kind == "rgba") return {width, height, Pixels::rgba, pattern(name, width, height, 4)};
  if (kind == "cmyk") return {width, height, Pixels::cmyk, pattern(name, width, height, 4)};
  if (kind == "gray16") {
    std::vector<std::uint8_t> bytes = pattern(name, width, height, 2);
    if (std::endian::native == std::endian::big)
      for (std::size_t i = 0; i < bytes.size(); i += 2) std::swap(bytes[i], bytes[i + 1]);
    return {width, height, Pixels::gray16, std::move(bytes)};
  }
  std::vector<std::uint8_t> colors;
  for (const std::uint8_t i : pattern(name, width, height, 1))
    for (int k = 0; k < 3; ++k) colors.push_back(static_cast<std::uint8_t>(37 * i + 11 * k));
  return Image{width, height, Pixels::rgb, std::move(colors)}.as_palette();
}

/// The lines of one resampling, in a file of its own.
struct Reference {
  Resampling resampling;
  int resized, preprocessed, files;

  std::string file() const { return "resize_" + std::string(name_of(resampling)) + ".txt"; }
};
constexpr std::array references{Reference{Resampling::pillow13, 537, 338, 48},
                                Reference{Resampling::pillow12, 537, 338, 48},
                                Reference{Resampling::torchvision, 376, 163, 16}};
}  // namespace

TEST_CASE("resize equals Pillow and torchvision in every byte, for every kind of pixels, up and down") {
  for (const Reference& reference : references) {
    const int compared = check_lines(reference.file().c_str(), "resize", [&](std::istream& line) {
      std::string kind, name, interpolation;
      Index w, h, width, height;
      line >> kind >> name >> w >> h >> width >> height >> interpolation;
      return checksum(resize(pattern_image(kind, name, w, h), width, height, interpolation_of(interpolation),
                             reference.resampling));
    });
    CHECK(compared == reference.resized);
  }
}

TEST_CASE("preprocess equals the references in every float, for every kind of pixels and every policy") {
  for (const Reference& reference : references) {
    const int compared = check_lines(reference.file().c_str(), "preprocess", [&](std::istream& line) {
      std::string kind, name;
      Index w, h;
      line >> kind >> name >> w >> h;
      return checksum(preprocess(read_input(line, reference.resampling), pattern_image(kind, name, w, h)));
    });
    CHECK(compared == reference.preprocessed);
  }
}

TEST_CASE("reading and preprocessing PNG files equals the references in every float") {
  CLIP_TEST_DATA_OR_RETURN(data, "PNG files of many kinds");
  for (const Reference& reference : references) {
    const int compared = check_lines(reference.file().c_str(), "file", [&](std::istream& line) {
      std::string name;
      line >> name;
      return checksum(
          preprocess(read_input(line, reference.resampling), read_image(std::string(data) + "/images/" + name)));
    });
    CHECK(compared == reference.files);
  }
}

TEST_CASE("another rescale_factor and no normalisation give the floats of transformers' image processors") {
  const int compared = check_lines("transformers.txt", "rescale", [&](std::istream& line) {
    std::string backend;
    double factor;
    bool normalize;
    line >> backend >> factor >> normalize;
    ImageLine input{32,
                    {.color_order = ColorOrder::huggingface,
                     .resampling = backend == "torchvision" ? Resampling::torchvision : Resampling::pillow13}};
    input.preprocessing.rescale_factor = factor == 0 ? 1 : factor;
    input.preprocessing.normalize = normalize;
    if (!normalize) {
      input.preprocessing.mean = {0, 0, 0};
      input.preprocessing.deviation = {1, 1, 1};
    }
    return checksum(preprocess(input, pattern_image("rgb", "noise", 32, 32)));
  });
  CHECK(compared == 24);
}
