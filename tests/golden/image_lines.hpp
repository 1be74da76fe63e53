// tests/golden/image_lines.hpp: lines of checksums, and the settings they name.
#pragma once

#include <clip/config/preprocessing.hpp>
#include <clip/image/image.hpp>
#include <clip/io/bytes.hpp>

#include <doctest/doctest.h>

#include <fstream>
#include <optional>
#include <span>
#include <sstream>
#include <string>

/// A model's size with a preprocessing of its own.
struct ImageLine {
  clip::Index image_size;
  clip::Preprocessing preprocessing;
};

inline clip::Interpolation interpolation_of(const std::string& word) { return clip::try_interpolation(word).value(); }

inline ImageLine read_input(std::istream& line, clip::Resampling resampling) {
  clip::Index n;
  std::string mode, interpolation, order;
  line >> n >> mode >> interpolation >> order;
  return {n,
          {.resize = clip::try_resize_mode(mode).value(),
           .interpolation = interpolation_of(interpolation),
           .color_order = clip::try_color_order(order).value(),
           .resampling = resampling}};
}

inline std::uint32_t checksum(const clip::Image& image) {
  return clip::crc32(std::as_bytes(
      std::span{image.row(0), static_cast<std::size_t>(image.height() * image.width() * image.channels())}));
}
inline std::uint32_t checksum(const clip::Images& images) { return clip::crc32(std::as_bytes(images.values())); }

/// computed(rest of the line) against its checksum, for the lines of tests/golden/FILE that begin with `what`. Nothing
/// computed: the line is left out. Says how many were compared.
template <class F>
int check_lines(const char* file, const std::string& what, F computed) {
  std::ifstream lines(std::string(CLIP_SOURCE_DIR "/tests/golden/") + file);
  int compared = 0;
  for (std::string text; std::getline(lines, text);) {
    std::istringstream line{text};
    std::string word;
    line >> word;
    if (word != what) continue;
    CAPTURE(text);
    const std::optional<std::uint32_t> found = computed(line);
    if (!found) continue;
    ++compared;
    std::uint32_t expected = 0;
    line >> std::hex >> expected;
    REQUIRE(line);
    CHECK(*found == expected);
  }
  return compared;
}
