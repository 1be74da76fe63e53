// tests/image/decode/bmp_files.hpp: writes BMP files of every kind.
#pragma once

#include <clip/io/bytes.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

/// An integer of so many bytes, the lowest first.
inline std::string little(std::uint64_t value, std::size_t bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xFF);
  return out;
}
inline std::string bytes_of(std::initializer_list<int> values) {
  std::string out;
  for (const int v : values) out += static_cast<char>(v);
  return out;
}

struct BmpFile {
  int width = 1, height = 1;
  std::size_t header = 40;
  unsigned bits = 24;
  std::uint32_t compression = 0;
  std::vector<std::uint32_t> masks = {};  // written if the compression is 3
  std::uint32_t named_colors = 0;
  std::string palette = {};  // as stored
  std::string pixels = {};   // as stored, or run lengths
  bool top_down = false;
  bool file_header = true;
  int start = -1;  // of the pixels, as the file header says it; -1: the right one

  std::string bytes() const {
    std::string info = little(header, 4);
    if (header == 12) {
      info += little(static_cast<unsigned>(width), 2) + little(static_cast<unsigned>(height), 2) + little(1, 2) +
              little(bits, 2);
    } else {
      info += little(static_cast<unsigned>(width), 4) + little(static_cast<unsigned>(top_down ? -height : height), 4) +
              little(1, 2) + little(bits, 2) + little(compression, 4) + std::string(12, '\0') +
              little(named_colors, 4) + std::string(4, '\0');
      std::string rest;
      if (compression == 3)
        for (const std::uint32_t mask : masks) rest += little(mask, 4);
      if (header > 40) rest.resize(header - 40);
      info += rest;
    }
    const std::size_t at = start >= 0 ? static_cast<std::size_t>(start) : 14 + info.size() + palette.size();
    const std::string all = info + palette + pixels;
    return file_header ? "BM" + little(14 + all.size(), 4) + little(0, 4) + little(at, 4) + all : all;
  }
};

/// Rows of the file from pixels of `bits` bits each: value(x, y), y counted from the top; the last row first unless
/// top_down.
template <class Value>
std::string bmp_rows(int width, int height, unsigned bits, bool top_down, const Value& value) {
  std::string all;
  for (int row = 0; row < height; ++row) {
    const int y = top_down ? row : height - 1 - row;
    std::string line;
    for (int x = 0; x < width; ++x) {
      const std::uint64_t v = value(x, y);
      if (bits >= 8) {
        line += little(v, bits / 8);
      } else {
        const unsigned in_byte = static_cast<unsigned>(x) % (8 / bits);
        if (in_byte == 0) line += '\0';
        line.back() = static_cast<char>(static_cast<unsigned char>(line.back()) | v << (8 - bits * (in_byte + 1)));
      }
    }
    line.resize((line.size() + 3) / 4 * 4, '\x55');  // what pads a row means nothing
    all += line;
  }
  return all;
}
