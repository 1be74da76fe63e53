// tests/support/pillow_mode.hpp: the names that Pillow has for kinds of pixels.
#pragma once

#include <clip/image/image.hpp>

namespace clip::testing {

/// Pillow's mode of what we keep; grey with alpha is kept as RGBA.
inline const char* pillow_mode(const Image& image) {
  switch (image.pixels()) {
    case Pixels::gray: return image.palette() ? "1" : "L";
    case Pixels::gray16: return "I;16";
    case Pixels::rgb: return image.palette() ? "P" : "RGB";
    case Pixels::rgba: return "RGBA";
    case Pixels::cmyk: return "CMYK";
    default: return "none";
  }
}

}  // namespace clip::testing
