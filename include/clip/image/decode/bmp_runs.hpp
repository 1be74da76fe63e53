// clip/image/decode/bmp_runs.hpp: the run lengths of a BMP file, RLE8 and RLE4.
#pragma once

#include <clip/core/abi.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

/// Decodes run lengths to palette indices, row by row, one byte each; `halves`: two indices per byte of the file
/// (RLE4). Fewer than `count` indices: the data end early. More: the excess has no meaning.
class BmpRunDecoder {
 public:
  /// The data begin at `start`. Runs of single pixels are aligned to even positions of the whole file, as in the
  /// reference.
  BmpRunDecoder(std::span<const std::byte> file, std::size_t start, std::size_t width, std::size_t count, bool halves)
      : file_{file}, at_{start}, width_{width}, count_{count}, halves_{halves} {}

  std::vector<std::uint8_t> decode() {
    while (numbers_.size() < count_ && left() >= 2) {
      const std::size_t length = u8(0), value = u8(1);
      at_ += 2;
      if (length != 0) {
        run(length, value);
      } else if (!escape(value)) {
        break;
      }
    }
    return std::move(numbers_);
  }

 private:
  std::size_t left() const { return file_.size() - at_; }
  std::size_t u8(std::size_t i) const { return std::to_integer<std::size_t>(file_[at_ + i]); }
  void put(std::size_t value) { numbers_.push_back(static_cast<std::uint8_t>(value)); }
  void put_zeros(std::size_t n) { numbers_.resize(numbers_.size() + n); }

  /// One index, or two in turn, repeated up to the end of the row.
  void run(std::size_t length, std::size_t value) {
    const std::size_t n = x_ < width_ ? std::min(length, width_ - x_) : 0;
    for (std::size_t i = 0; i < n; ++i) put(!halves_ ? value : i % 2 == 0 ? value >> 4 : value & 15);
    x_ += n;
  }

  /// 0: end of the row. 1: end of the image. 2: skips pixels to the right and rows. Others: so many single pixels.
  bool escape(std::size_t code) {
    if (code == 1) return false;
    if (code == 0) {
      put_zeros((width_ - numbers_.size() % width_) % width_);
      x_ = 0;
      return true;
    }
    if (code == 2) {
      if (left() < 2) return false;
      put_zeros(std::min(count_ - numbers_.size(), u8(0) + u8(1) * width_));
      at_ += 2;
      x_ = numbers_.size() % width_;
      return true;
    }
    return singles(code);
  }

  /// Continues in the next row where one is full. The column is counted on, so that no run follows in that row.
  bool singles(std::size_t length) {
    const std::size_t n = std::min(count_ - numbers_.size(), length), bytes = halves_ ? (n + 1) / 2 : n;
    if (left() < bytes) return false;
    for (std::size_t i = 0; i < n; ++i) put(!halves_ ? u8(i) : i % 2 == 0 ? u8(i / 2) >> 4 : u8(i / 2) & 15);
    at_ += bytes;
    x_ += length;
    at_ += at_ % 2 != 0 && left() > 0 ? 1 : 0;
    return true;
  }

  std::span<const std::byte> file_;
  std::size_t at_, width_, count_;
  bool halves_;
  std::size_t x_ = 0;  // the column of the next run
  std::vector<std::uint8_t> numbers_;
};

}  // namespace clip::inline CLIP_ABI::detail
