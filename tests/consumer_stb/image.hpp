// A PPM image of one column and two rows: the pixel "abc" above the pixel "def".
#pragma once

#include <cstddef>
#include <span>

inline constexpr unsigned char image_file[] = "P6 1 2 255\nabcdef";

inline std::span<const std::byte> image_bytes() {
  return std::as_bytes(std::span{image_file}.first(sizeof image_file - 1));
}
