// clip/image/decode/tga.hpp: TGA decoder, with the reference's pixels.
#pragma once

#include <clip/image/decode/decoder.hpp>
#include <clip/image/decode/signatures.hpp>
#include <clip/image/image.hpp>
#include <clip/image/orientation.hpp>
#include <clip/io/bytes.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {

/// What the bits of a pixel are; the names are those of the reference's modes, `color_16` is RGBA of 5-5-5-1.
enum class TgaPixels { none, palette, bits, gray, gray_alpha, color_16, rgb, rgba };

/// Reads a TGA file. Its header has no signature: see is_tga.
class TgaReader {
 public:
  TgaReader(std::span<const std::byte> file, const std::string& place) : file_{file}, place_{place} {
    if (file.size() < 18) return;
    runs_ = (u8(2) & 8U) != 0;
    bits_ = u8(16);
    width_ = u16(12);
    height_ = u16(14);
    pixels_ = pixels_of_header();
  }

  /// True if the fields of the header fit together.
  bool fits() const { return pixels_ != TgaPixels::none && width_ > 0 && height_ > 0; }

  Result<Image> image() {
    constexpr Index longest_run = 128;
    const Index capacity = index(file_.size()) * 8 / bits_ * (runs_ ? longest_run : 1);
    if (auto good = check_header(place_, width_, height_, capacity); !good) return good.error();
    at_ = std::min(std::size_t{18} + u8(0), file_.size());
    if (auto good = read_palette(); !good) return good.error();
    row_bytes_ = (width_ * bits_ + 7) / 8;
    std::vector<std::byte> unpacked;
    std::span<const std::byte> data = file_.subspan(at_);
    if (runs_) {
      if (auto good = unpack_runs(unpacked); !good) return good.error();
      data = unpacked;
    }
    if (index(data.size()) < height_ * row_bytes_) return truncated();

    const Pixels format = format_of_pixels();
    const Index out_bytes = width_ * channels(format);
    std::vector<std::uint8_t> pixels(static_cast<std::size_t>(height_ * out_bytes));
    const bool top_down = (u8(17) & 0x20U) != 0;
    for (Index y = 0; y < height_; ++y)
      unpack_row(data.data() + y * row_bytes_, pixels.data() + (top_down ? y : height_ - 1 - y) * out_bytes);
    if (format == Pixels::rgba && pixels_ != TgaPixels::gray_alpha && alpha_is_unused())
      for (std::size_t i = 3; i < pixels.size(); i += 4) pixels[i] = 255;
    Image image{width_, height_, format, std::move(pixels)};
    if ((u8(17) & 0x10U) != 0) image = oriented(image, 2);  // rows are stored right to left
    const bool palette = pixels_ == TgaPixels::palette || pixels_ == TgaPixels::bits;
    return palette ? std::move(image).as_palette() : std::move(image);
  }

 private:
  unsigned u8(std::size_t at) const { return std::to_integer<unsigned>(file_[at]); }
  std::uint16_t u16(std::size_t at) const { return load_little<std::uint16_t>(&file_[at]); }
  Error truncated() const { return InputError{place_, "truncated image"}; }

  TgaPixels pixels_of_header() const {
    const unsigned type = u8(2) & ~8U, map_bits = u8(7);
    if (u8(2) > 11 || u8(1) != (type == 1 ? 1U : 0U)) return TgaPixels::none;
    if (type == 1) {
      const bool known = bits_ == 8 && (map_bits == 16 || map_bits == 24 || map_bits == 32);
      return known ? TgaPixels::palette : TgaPixels::none;
    }
    if (type == 2) {
      return bits_ == 16   ? TgaPixels::color_16
             : bits_ == 24 ? TgaPixels::rgb
             : bits_ == 32 ? TgaPixels::rgba
                           : TgaPixels::none;
    }
    if (type != 3 || (bits_ == 1 && runs_)) return TgaPixels::none;
    return bits_ == 1    ? TgaPixels::bits
           : bits_ == 8  ? TgaPixels::gray
           : bits_ == 16 ? TgaPixels::gray_alpha
                         : TgaPixels::none;
  }

  Pixels format_of_pixels() const {
    switch (pixels_) {
      case TgaPixels::bits:
      case TgaPixels::gray: return Pixels::gray;
      case TgaPixels::palette:
      case TgaPixels::rgb: return Pixels::rgb;
      default: return Pixels::rgba;
    }
  }

  /// Red, green, blue and alpha of 16 bits; a set alpha bit means transparent, as in the reference.
  static void color_of_16(std::uint16_t pixel, std::uint8_t* out, std::size_t channels) {
    const std::array<int, 4> color{(pixel >> 10 & 31) * 255 / 31, (pixel >> 5 & 31) * 255 / 31, (pixel & 31) * 255 / 31,
                                   (pixel & 0x8000) != 0 ? 0 : 255};
    for (std::size_t c = 0; c < channels; ++c) out[c] = static_cast<std::uint8_t>(color[c]);
  }

  /// Colours that the file does not define are black. Their alpha is ignored.
  Result<void> read_palette() {
    if (pixels_ != TgaPixels::palette) return {};
    const std::size_t first = u16(3), colors = u16(5), each = u8(7) / 8;
    if (first + colors > palette_.size())
      return InputError{place_, "TGA: colours of the palette", "at most 256", first + colors};
    if (file_.size() - at_ < colors * each) return truncated();
    for (std::size_t i = 0; i < colors; ++i, at_ += each) {
      std::uint8_t* const color = palette_[first + i].data();
      if (each == 2) {
        color_of_16(u16(at_), color, 3);
      } else {
        for (std::size_t c = 0; c < 3; ++c) color[c] = std::to_integer<std::uint8_t>(file_[at_ + 2 - c]);
      }
    }
    return {};
  }

  /// Packets of 1 … 128 pixels: one pixel repeated, which ends with its row at the latest, or single pixels.
  Result<void> unpack_runs(std::vector<std::byte>& out) {
    const auto each = static_cast<std::size_t>(bits_ / 8), row = static_cast<std::size_t>(row_bytes_);
    const std::size_t count = row * static_cast<std::size_t>(height_);
    while (out.size() < count) {
      if (at_ == file_.size()) return truncated();
      const bool repeated = (u8(at_) & 0x80U) != 0;
      const std::size_t bytes = each * ((u8(at_) & 0x7FU) + 1);
      const auto packet = file_.subspan(++at_);
      if (packet.size() < (repeated ? each : bytes)) return truncated();
      if (repeated && out.size() % row + bytes > row)
        return InputError{place_, "damaged image (a TGA run beyond the end of its row)"};
      at_ += repeated ? each : bytes;
      if (!repeated) out.insert(out.end(), packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(bytes));
      for (std::size_t i = 0; repeated && i < bytes; ++i) out.push_back(packet[i % each]);
    }
    return {};
  }

  void unpack_row(const std::byte* in, std::uint8_t* out) const {
    const auto byte = [&](Index i) { return std::to_integer<std::uint8_t>(in[i]); };
    for (Index x = 0; x < width_; ++x) switch (pixels_) {
        case TgaPixels::bits: out[x] = (byte(x / 8) >> (7 - x % 8) & 1) != 0 ? 255 : 0; break;
        case TgaPixels::gray: out[x] = byte(x); break;
        case TgaPixels::palette: std::copy_n(palette_[byte(x)].begin(), 3, out + 3 * x); break;
        case TgaPixels::color_16: color_of_16(load_little<std::uint16_t>(in + 2 * x), out + 4 * x, 4); break;
        case TgaPixels::gray_alpha:
          std::memset(out + 4 * x, byte(2 * x), 3);
          out[4 * x + 3] = byte(2 * x + 1);
          break;
        case TgaPixels::rgb:
          for (Index c = 0; c < 3; ++c) out[3 * x + c] = byte(3 * x + 2 - c);
          break;
        default:
          for (Index c = 0; c < 3; ++c) out[4 * x + c] = byte(4 * x + 2 - c);
          out[4 * x + 3] = byte(4 * x + 3);
      }
  }

  /// True if the extension area at the end of the file says that the pixels have no alpha.
  bool alpha_is_unused() const {
    constexpr std::size_t footer = 26, attributes = 494;
    if (file_.size() < footer || !starts_with(file_, {"TRUEVISION-XFILE.\0", 18}, file_.size() - 18)) return false;
    const std::size_t extension = load_little<std::uint32_t>(&file_[file_.size() - footer]);
    return extension != 0 && extension + attributes < file_.size() && u8(extension + attributes) == 0;
  }

  std::span<const std::byte> file_;
  const std::string& place_;
  TgaPixels pixels_ = TgaPixels::none;
  bool runs_ = false;
  Index bits_ = 0, width_ = 0, height_ = 0, row_bytes_ = 0;
  std::size_t at_ = 0;
  std::array<std::array<std::uint8_t, 3>, 256> palette_{};
};

/// TGA files have no signature: a header is accepted as TGA if all its fields are consistent.
inline bool is_tga(std::span<const std::byte> file) { return TgaReader{file, {}}.fits(); }

}  // namespace detail

/// The reference's pixels: palettes, grey, grey with alpha, 16, 24 and 32 bits, black and white; run lengths.
struct TgaDecoder {
  static std::string formats() { return "TGA"; }
  static bool reads(std::span<const std::byte> file) { return detail::is_tga(file); }
  static Result<Image> decode(std::span<const std::byte> file, const std::string& place) {
    detail::TgaReader reader{file, place};
    if (!reader.fits()) return InputError{place, "damaged image (TGA header)"};
    return reader.image();
  }
};

}  // namespace clip::inline CLIP_ABI
