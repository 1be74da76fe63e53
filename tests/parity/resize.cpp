// The library's resize as a program, for resize.py. Reads cases from the standard input until it ends, each a line and
// the bytes of an image, and writes the result of each to the standard output:
//   resize KIND W H W' H' FILTER RESAMPLING              bytes, in the image's own channels; palettes as RGB
//   preprocess KIND W H N MODE FILTER ORDER RESAMPLING   floats (3, N, N), OpenAI's mean and deviation
// KIND: gray, rgb, rgba, cmyk, gray16, or palette, as RGB.
#include <clip/image/preprocess.hpp>
#include <clip/image/resize/resize.hpp>

#include <cstdint>
#include <cstdio>
#include <iostream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace {

clip::Pixels pixels_of(const std::string& kind) {
  if (kind == "gray") return clip::Pixels::gray;
  if (kind == "rgba") return clip::Pixels::rgba;
  if (kind == "cmyk") return clip::Pixels::cmyk;
  if (kind == "gray16") return clip::Pixels::gray16;
  return clip::Pixels::rgb;
}

clip::Image read_image(std::istream& line) {
  std::string kind;
  clip::Index width = 0, height = 0;
  line >> kind >> width >> height;
  const clip::Pixels pixels = pixels_of(kind);
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(width * height * clip::channels(pixels)));
  std::cin.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  clip::Image image{width, height, pixels, std::move(bytes)};
  return kind == "palette" ? std::move(image).as_palette() : std::move(image);
}

void write(const void* bytes, clip::Index count) {
  std::cout.write(static_cast<const char*>(bytes), static_cast<std::streamsize>(count));
}

void run(const std::string& text) {
  std::istringstream line{text};
  std::string what, filter, resampling;
  line >> what;
  const clip::Image image = read_image(line);
  if (what == "resize") {
    clip::Index width = 0, height = 0;
    line >> width >> height >> filter >> resampling;
    const clip::Image resized = clip::resize(image, width, height, clip::try_interpolation(filter).value(),
                                             clip::try_resampling(resampling).value());
    write(resized.row(0), width * height * resized.channels());
    return;
  }
  struct {
    clip::Index image_size = 0;
    clip::Preprocessing preprocessing;
  } config;
  std::string mode, order;
  line >> config.image_size >> mode >> filter >> order >> resampling;
  config.preprocessing.resize = clip::try_resize_mode(mode).value();
  config.preprocessing.interpolation = clip::try_interpolation(filter).value();
  config.preprocessing.color_order = clip::try_color_order(order).value();
  config.preprocessing.resampling = clip::try_resampling(resampling).value();
  const clip::Images floats = clip::preprocess(config, image);
  write(floats.values().data(), static_cast<clip::Index>(floats.values().size_bytes()));
}

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  try {
    for (std::string line; std::getline(std::cin, line);) run(line);
  } catch (const clip::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
