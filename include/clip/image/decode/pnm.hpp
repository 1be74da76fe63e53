// clip/image/decode/pnm.hpp: PNM decoder (PBM, PGM, PPM), with the reference's pixels.
#pragma once

#include <clip/image/decode/decoder.hpp>
#include <clip/image/decode/signatures.hpp>
#include <clip/image/image.hpp>
#include <clip/io/bytes.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {

inline bool is_pnm_space(std::byte b) { return b == std::byte{' '} || (b >= std::byte{'\t'} && b <= std::byte{'\r'}); }

/// P1 … P6, then white space.
inline bool is_pnm(std::span<const std::byte> file) {
  return file.size() >= 3 && file[0] == std::byte{'P'} && file[1] >= std::byte{'1'} && file[1] <= std::byte{'6'} &&
         is_pnm_space(file[2]);
}

/// Reads a PNM file. P1, P4: black and white; P2, P5: grey; P3, P6: RGB. Up to P3 the pixels are text.
class PnmReader {
 public:
  PnmReader(std::span<const std::byte> file, const std::string& place)
      : file_{file}, place_{place}, text_{file[1] <= std::byte{'3'}},
        bits_{(std::to_integer<int>(file[1]) - '1') % 3 == 0}, color_{(std::to_integer<int>(file[1]) - '1') % 3 == 2} {}

  Result<Image> image() {
    const auto width = number("width"), height = number("height");
    if (!width) return width.error();
    if (!height) return height.error();
    width_ = *width;
    height_ = *height;
    if (!bits_) {
      const auto largest = number("largest sample");
      if (!largest) return largest.error();
      const Index most = color_ ? 65535 : 255;  // grey of more than 8 bits is another mode of the reference
      if (*largest < 1 || *largest > most)
        return InputError{place_, "PNM: largest sample", "1 ... " + std::to_string(most), *largest};
      largest_ = *largest;
    }
    const auto left = file_.subspan(at_);
    const Index samples = color_ ? 3 : 1, bytes_per_sample = text_ || largest_ < 256 ? 1 : 2;
    const Index capacity = bits_ && !text_ ? index(left.size()) * 8 : index(left.size()) / (samples * bytes_per_sample);
    if (auto good = check_header(place_, width_, height_, capacity); !good) return good.error();

    std::vector<std::uint8_t> pixels(static_cast<std::size_t>(width_ * height_ * samples));
    const auto read = text_ ? (bits_ ? &PnmReader::read_text_bits : &PnmReader::read_text)
                            : (bits_ ? &PnmReader::read_bits : &PnmReader::read_bytes);
    if (auto good = (this->*read)(pixels); !good) return good.error();
    Image image{width_, height_, color_ ? Pixels::rgb : Pixels::gray, std::move(pixels)};
    return bits_ ? std::move(image).as_palette() : std::move(image);
  }

 private:
  static constexpr std::size_t longest = 10;  // digits of a number

  Error truncated() const { return InputError{place_, "truncated image"}; }

  /// The next byte that is not in a comment. Comments begin with # and include the end of their line.
  std::optional<std::byte> next() {
    while (at_ < file_.size() && file_[at_] == std::byte{'#'}) {
      while (at_ < file_.size() && file_[at_] != std::byte{'\n'} && file_[at_] != std::byte{'\r'}) ++at_;
      at_ += at_ < file_.size() ? 1 : 0;
    }
    if (at_ == file_.size()) return std::nullopt;
    return file_[at_++];
  }

  /// Digits, with white space before them and one byte of it after them.
  Result<Index> number(const char* what) {
    Index value = 0;
    std::size_t digits = 0;
    for (;;) {
      const auto byte = next();
      if (!byte || is_pnm_space(*byte)) {
        if (digits > 0) return value;
        if (!byte) return truncated();
        continue;
      }
      const int digit = std::to_integer<int>(*byte) - '0';
      if (digit < 0 || digit > 9 || ++digits > longest)
        return InputError{place_, std::string("PNM: ") + what, "a number of at most 10 digits", "something else"};
      value = 10 * value + digit;
    }
  }

  /// 0 … largest as 0 … 255, rounded to nearest, ties to even.
  std::uint8_t level(Index sample) const {
    if (largest_ == 255) return static_cast<std::uint8_t>(sample);
    const double value = std::nearbyint(static_cast<double>(sample) / static_cast<double>(largest_) * 255);
    return static_cast<std::uint8_t>(std::min(value, 255.0));
  }

  Result<void> read_text(std::vector<std::uint8_t>& pixels) {
    for (std::uint8_t& pixel : pixels) {
      const auto sample = number("sample");
      if (!sample) return sample.error();
      if (*sample > largest_) return InputError{place_, "PNM: sample", "at most " + std::to_string(largest_), *sample};
      pixel = level(*sample);
    }
    return {};
  }

  /// White space between the digits is optional. 1 is black.
  Result<void> read_text_bits(std::vector<std::uint8_t>& pixels) {
    std::size_t n = 0;
    while (const auto byte = next()) {
      if (is_pnm_space(*byte)) continue;
      if (*byte != std::byte{'0'} && *byte != std::byte{'1'})
        return InputError{place_, "PNM: pixel", "0 or 1", "something else"};
      if (n < pixels.size()) pixels[n++] = *byte == std::byte{'0'} ? 255 : 0;
    }
    if (n < pixels.size()) return truncated();
    return {};
  }

  Result<void> read_bits(std::vector<std::uint8_t>& pixels) {
    const auto width = static_cast<std::size_t>(width_), row = (width + 7) / 8;
    if (file_.size() - at_ < row * static_cast<std::size_t>(height_)) return truncated();
    for (std::size_t i = 0; i < pixels.size(); ++i) {
      const auto byte = std::to_integer<unsigned>(file_[at_ + i / width * row + i % width / 8]);
      pixels[i] = (byte >> (7 - i % width % 8) & 1U) != 0 ? 0 : 255;
    }
    return {};
  }

  Result<void> read_bytes(std::vector<std::uint8_t>& pixels) {
    const std::size_t each = largest_ < 256 ? 1 : 2;
    if (file_.size() - at_ < pixels.size() * each) return truncated();
    for (std::size_t i = 0; i < pixels.size(); ++i) {
      const std::byte* const p = &file_[at_ + i * each];
      pixels[i] = level(each == 1 ? std::to_integer<Index>(*p) : Index{load_big<std::uint16_t>(p)});
    }
    return {};
  }

  std::span<const std::byte> file_;
  const std::string& place_;
  bool text_, bits_, color_;
  std::size_t at_ = 3;  // after the signature and a byte of white space
  Index width_ = 0, height_ = 0, largest_ = 1;
};

}  // namespace detail

/// The reference's pixels: black and white, grey of up to 8 bits, RGB of up to 16 bits (as 8 bits); text and binary.
struct PnmDecoder {
  static std::string formats() { return "PNM (P1 ... P6)"; }
  static bool reads(std::span<const std::byte> file) { return detail::is_pnm(file); }
  static Result<Image> decode(std::span<const std::byte> file, const std::string& place) {
    if (!reads(file)) return InputError{place, "damaged image (PNM header)"};
    return detail::PnmReader{file, place}.image();
  }
};

}  // namespace clip::inline CLIP_ABI
