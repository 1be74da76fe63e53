#include <clip/core/rng.hpp>
#include <clip/image/augment/augment.hpp>
#include <clip/image/augment/color.hpp>
#include <clip/image/augment/crop.hpp>

#include "image_lines.hpp"
#include "patterns.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <fstream>
#include <istream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

using namespace clip;

TEST_CASE("crops are drawn by torchvision's rules, the fallback included") {
  std::ifstream lines(CLIP_SOURCE_DIR "/tests/golden/augment.txt");
  int compared = 0, fallbacks = 0;
  for (std::string text; std::getline(lines, text);) {
    std::istringstream line{text};
    std::string word;
    Index w, h;
    std::uint64_t seed;
    CropOptions options;
    CropBox expected{};
    line >> word >> w >> h >> seed >> options.scale[0] >> options.scale[1] >> options.ratio[0] >> options.ratio[1];
    if (word != "crop") continue;
    CAPTURE(text);
    line >> expected.left >> expected.top >> expected.width >> expected.height;
    REQUIRE(line);
    Rng rng{seed}, ten{seed};
    CHECK(draw_crop(w, h, options, rng) == expected);
    for (int i = 0; i < 20; ++i) (void)ten.uniform();
    fallbacks += rng.bits() == ten.bits();
    ++compared;
  }
  CHECK(compared == 200);
  CHECK(fallbacks > 10);
}

TEST_CASE("augmented images equal torchvision's on Pillow in every byte") {
  const int compared = check_lines("augment.txt", "augment", [](std::istream& line) {
    std::string name;
    Index w, h, n;
    std::uint64_t seed;
    Augmentation how;
    line >> name >> w >> h >> n >> seed >> how.crop.scale[0] >> how.flip >> how.jitter.brightness >>
        how.jitter.contrast >> how.jitter.saturation >> how.jitter.hue;
    return checksum(augmented({w, h, Pixels::rgb, pattern(name, w, h, 3)}, how, n, Rng{seed}));
  });
  CHECK(compared == 140);
}

TEST_CASE("changes of colour equal Pillow's") {
  std::vector<std::uint8_t> bytes;
  for (std::uint32_t i = 0; i < 1U << 24; i += 61)
    for (const int shift : {16, 8, 0}) bytes.push_back(static_cast<std::uint8_t>(i >> shift));
  const Image colors{static_cast<Index>(bytes.size() / 3), 1, Pixels::rgb, bytes};
  CHECK(check_lines("augment.txt", "hue", [&](std::istream& line) {
          double shift;
          line >> shift;
          return checksum(adjust_hue(colors, shift));
        }) == 7);
  CHECK(check_lines("augment.txt", "adjust", [&](std::istream& line) {
          float factor;
          line >> factor;
          std::vector<std::uint8_t> all;
          for (const auto adjust : {adjust_brightness, adjust_contrast, adjust_saturation}) {
            const Image changed = adjust(colors, factor);
            all.insert(all.end(), changed.row(0), changed.row(0) + bytes.size());
          }
          return checksum(Image{3 * colors.width(), 1, Pixels::rgb, std::move(all)});
        }) == 8);
}
