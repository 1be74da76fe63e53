// Decodes image files for images.py. Prints a line for each: KIND WIDTH HEIGHT CRC-32 of the pixels, in the names that
// Pillow has for kinds of pixels; or the reason why there is no image.
#include <clip/image/read.hpp>
#include <clip/io/bytes.hpp>

#include "../support/pillow_mode.hpp"

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <string>

using namespace clip;

int main() {
  for (std::string path; std::getline(std::cin, path);) {
    const auto image = try_read_image(path);
    if (!image) {
      std::string reason = image.error().message();
      std::replace(reason.begin(), reason.end(), '\n', ' ');
      std::printf("refused %s\n", reason.c_str());
      continue;
    }
    const std::span bytes{image->row(0), static_cast<std::size_t>(image->height() * image->stride())};
    std::printf("%s %td %td %08x\n", testing::pillow_mode(*image), image->width(), image->height(),
                crc32(std::as_bytes(bytes)));
  }
}
