// A picture of one column and two rows: the pixel "abc" above the pixel "def".
#pragma once

#include <cstddef>
#include <span>

inline constexpr unsigned char picture[] = "P6 1 2 255\nabcdef";

inline std::span<const std::byte> bytes_of_picture() {
  return std::as_bytes(std::span{picture}.first(sizeof picture - 1));
}
