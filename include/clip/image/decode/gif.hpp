// clip/image/decode/gif.hpp: GIF decoder for the first image of a file, composed as the reference does.
#pragma once

#include <clip/image/decode/decoder.hpp>
#include <clip/image/decode/signatures.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {

/// LZW decoder (GIF89a specification, appendix F): variable-length codes to palette indices, at most `count`. Stops
/// early at damaged or missing data.
inline std::vector<std::uint8_t> lzw_decode(std::span<const std::byte> codes, int bits, std::size_t count) {
  constexpr std::size_t most = 4096;
  constexpr int longest = 12;
  struct Entry {
    std::uint16_t before;
    std::uint8_t number;
  };
  std::array<Entry, most> table;
  std::array<std::uint8_t, most> word;  // in reverse order
  const unsigned clear = 1U << bits, end = clear + 1;
  unsigned next = clear + 2, previous = 0, buffer = 0;
  int width = bits + 1, filled = 0;
  bool first = true;
  std::uint8_t begins = 0;  // the first index of the previous word
  std::vector<std::uint8_t> numbers;
  numbers.reserve(std::min(count, codes.size() * 8));
  for (const std::byte b : codes) {
    if (numbers.size() == count) break;
    buffer |= std::to_integer<unsigned>(b) << filled;
    filled += 8;
    while (filled >= width && numbers.size() < count) {
      const unsigned code = buffer & ((1U << width) - 1);
      buffer >>= width;
      filled -= width;
      if (code == clear) {
        next = clear + 2;
        width = bits + 1;
        first = true;
        continue;
      }
      if (code == end || (first ? code > clear : code > next)) return numbers;  // the caller detects missing indices
      std::size_t length = 0;
      unsigned at = code;
      if (!first && code == next) {  // the code of this very word: the previous word, then its first index again
        word[length++] = begins;
        at = previous;
      }
      for (; at >= clear; at = table[at].before) {
        if (length == most || at >= next) return numbers;
        word[length++] = table[at].number;
      }
      begins = static_cast<std::uint8_t>(at);
      if (length == most) return numbers;
      word[length++] = begins;
      for (std::size_t i = length; i-- > 0 && numbers.size() < count;) numbers.push_back(word[i]);
      if (!first && next < most) {
        table[next] = {static_cast<std::uint16_t>(previous), begins};
        if (next == (1U << width) - 1 && width < longest) ++width;
        ++next;
      }
      previous = code;
      first = false;
    }
  }
  return numbers;
}

/// Reads a GIF file up to and including its first image.
class GifReader {
 public:
  GifReader(std::span<const std::byte> file, const std::string& place) : file_{file}, place_{place} {}

  Result<Image> first_image() {
    if (!has(13)) return truncated();
    width_ = u16(6);
    height_ = u16(8);
    const unsigned flags = u8(10);
    at_ = 13;
    if ((flags & 0x80U) != 0 && !read_palette(flags)) return truncated();
    while (has(1)) {
      const unsigned kind = u8(0);
      if (kind == ',') return image();
      if (kind == ';') break;
      ++at_;
      if (kind == '!' && !extension()) break;
    }
    return has(1) ? Result<Image>{InputError{place_, "damaged image: a GIF file without an image"}} : truncated();
  }

 private:
  using Palette = std::array<std::array<std::uint8_t, 3>, 256>;

  bool has(std::size_t n) const { return file_.size() - at_ >= n; }
  unsigned u8(std::size_t i) const { return std::to_integer<unsigned>(file_[at_ + i]); }
  Index u16(std::size_t i) const { return load_little<std::uint16_t>(&file_[at_ + i]); }
  Result<Image> truncated() const { return InputError{place_, "truncated image"}; }

  /// Entries beyond the file's palette are black. A palette of the grey levels in order is treated as grey.
  bool read_palette(unsigned flags) {
    const std::size_t colors = std::size_t{2} << (flags & 7U);
    if (!has(3 * colors)) return false;
    Palette palette{};
    bool gray = true;
    for (std::size_t i = 0; i < colors; ++i)
      for (std::size_t c = 0; c < 3; ++c) {
        palette[i][c] = static_cast<std::uint8_t>(u8(3 * i + c));
        gray = gray && palette[i][c] == i;
      }
    at_ += 3 * colors;
    palette_.reset();
    if (!gray) palette_ = palette;
    return true;
  }

  /// The data of the sub-blocks up to an empty one. A truncated list is an error if `whole`, otherwise it ends with its
  /// last whole block.
  std::optional<std::vector<std::byte>> blocks(bool whole) {
    std::vector<std::byte> all;
    while (has(1)) {
      const std::size_t n = u8(0);
      ++at_;
      if (n == 0) return all;
      if (!has(n)) {
        at_ = file_.size();
        break;
      }
      const auto block = file_.subspan(at_, n);
      all.insert(all.end(), block.begin(), block.end());
      at_ += n;
    }
    if (whole) return std::nullopt;
    return all;
  }

  bool extension() {
    if (!has(1)) return false;
    const bool control = u8(0) == 0xF9;
    ++at_;
    const auto data = blocks(true);
    if (!data) {
      at_ = file_.size();
      return false;
    }
    if (control && data->size() >= 4 && (std::to_integer<unsigned>((*data)[0]) & 1U) != 0)
      transparent_ = std::to_integer<std::uint8_t>((*data)[3]);
    return true;
  }

  Result<Image> image() {
    if (!has(11)) return truncated();
    const Index left = u16(1), top = u16(3), width = u16(5), height = u16(7);
    const unsigned flags = u8(9);
    at_ += 10;
    if ((flags & 0x80U) != 0 && !read_palette(flags)) return truncated();
    if (!has(1)) return truncated();
    const int bits = static_cast<int>(u8(0));
    ++at_;
    if (bits > 11 || width == 0 || height == 0)
      return InputError{place_, "damaged image (a GIF image without pixels or with too many colours)"};

    // The canvas grows to contain the image. Elsewhere it has the transparent colour, or colour 0.
    width_ = std::max(width_, left + width);
    height_ = std::max(height_, top + height);
    const auto codes = blocks(false);
    constexpr Index longest_word = 4096;
    const Index capacity = longest_word * index(codes->size());
    if (auto good = check_header(place_, width_, height_, capacity + always_plausible); !good) return good.error();
    if (auto good = check_header(place_, width, height, capacity); !good) return good.error();
    const auto count = static_cast<std::size_t>(width * height);
    const std::vector<std::uint8_t> numbers = lzw_decode(*codes, bits, count);
    if (numbers.size() < count) return truncated();
    std::vector<std::uint8_t> canvas(static_cast<std::size_t>(width_ * height_), transparent_.value_or(0));
    const auto row = [&](Index from, Index to) {
      const auto begin = numbers.begin() + static_cast<std::ptrdiff_t>(from * width);
      std::copy(begin, begin + static_cast<std::ptrdiff_t>(width),
                canvas.begin() + static_cast<std::ptrdiff_t>((top + to) * width_ + left));
    };
    if ((flags & 0x40U) == 0) {
      for (Index y = 0; y < height; ++y) row(y, y);
    } else {  // interlaced: rows 0, 8, …; 4, 12, …; 2, 6, …; 1, 3, …
      Index from = 0;
      for (const auto& [first, step] : {std::pair<Index, Index>{0, 8}, {4, 8}, {2, 4}, {1, 2}})
        for (Index y = first; y < height; y += step) row(from++, y);
    }

    std::vector<std::uint8_t> alphas;
    if (transparent_)
      for (const std::uint8_t color : canvas) alphas.push_back(color == transparent_ ? 0 : 255);
    Image image;
    if (!palette_) {
      image = {width_, height_, Pixels::gray, std::move(canvas)};
    } else {
      std::vector<std::uint8_t> colors(3 * canvas.size());
      for (std::size_t i = 0; i < canvas.size(); ++i) std::copy_n((*palette_)[canvas[i]].begin(), 3, &colors[3 * i]);
      image = Image{width_, height_, Pixels::rgb, std::move(colors)}.as_palette();
    }
    return transparent_ ? std::move(image).with_transparency(std::move(alphas)) : std::move(image);
  }

  std::span<const std::byte> file_;
  const std::string& place_;
  std::size_t at_ = 0;
  Index width_ = 0, height_ = 0;
  std::optional<std::uint8_t> transparent_;  // a colour
  std::optional<Palette> palette_;
};

}  // namespace detail

struct GifDecoder {
  static std::string formats() { return "GIF"; }
  static bool reads(std::span<const std::byte> file) { return detail::is_gif(file); }
  static Result<Image> decode(std::span<const std::byte> file, const std::string& place) {
    return detail::GifReader{file, place}.first_image();
  }
};

}  // namespace clip::inline CLIP_ABI
