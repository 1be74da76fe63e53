// clip/image/resize/resize.hpp: other sizes of a picture, bit for bit as Pillow makes them.
#pragma once

#include <clip/config/preprocessing.hpp>
#include <clip/core/result.hpp>
#include <clip/image/alpha.hpp>
#include <clip/image/image.hpp>
#include <clip/image/resize/gray16.hpp>
#include <clip/image/resize/passes.hpp>
#include <clip/image/resize/weights.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Sides longer than this are refused: beyond it the reference itself no longer knows the length exactly.
inline constexpr Index longest_side = Index{1} << 24;

namespace detail {

/// A rectangle of pixels.
struct Box {
  Index left, top, width, height;
};

/// What a resize does besides weighing: nearest takes one pixel instead; by_alpha multiplies colours by their alpha before and
/// divides after.
struct ResizeManner {
  Interpolation interpolation = Interpolation::bicubic;
  bool nearest = false;
  bool by_alpha = false;

  /// As the reference treats the file's own mode.
  static ResizeManner of(const Image& image, Interpolation interpolation) {
    return {.interpolation = interpolation, .nearest = image.palette(), .by_alpha = has_alpha(image.pixels())};
  }
};

/// The memory of a resize, for one after the other.
class Resizer {
 public:
  /// `part` of the image as it would be at width x height: no other pixel is computed, these are the same bits. Borrows the image's
  /// memory where the size does not change, otherwise the resizer's, until its next call. Sizes are at least 1, `part` lies within.
  Image operator()(const Image& image, Index width, Index height, Box part, ResizeManner manner) {
    const Index channels = image.channels();
    if (width == image.width() && height == image.height())
      return Image::view(image.row(part.top) + part.left * channels, part.width, part.height, image.stride(),
                         image.pixels());
    if (manner.nearest) nearest(image, width, height, part);
    else if (image.pixels() == Pixels::gray16) return sixteen_bits(image, width, height, part, manner.interpolation);
    else if (channels == 1) weighted<1>(image, width, height, part, manner);
    else if (channels == 3) weighted<3>(image, width, height, part, manner);
    else weighted<4>(image, width, height, part, manner);
    return Image::view(result_.row(0), part.width, part.height, result_.stride(), image.pixels());
  }

 private:
  /// Horizontally first. A pass is left out where its side keeps its length.
  template <Index Channels>
  void weighted(const Image& image, Index width, Index height, Box part, ResizeManner manner) {
    const bool along_x = width != image.width(), along_y = height != image.height();
    if (along_x) across_.compute(manner.interpolation, image.width(), width, part.left, part.width);
    // Rows [top, top + rows) as wide as the part, to the rows of `out` from `at` on.
    const auto widen = [&](Index top, Index rows, ByteRows& out, Index at) {
      if (along_x) resize_along_rows<Channels>(image, across_, top, rows, manner.by_alpha, side_by_side_, out, at);
      else copy_rows(image, part.left, part.width, top, rows, manner.by_alpha, out, at);
    };
    const Index bytes = part.width * Channels;
    result_.reshape(part.height, bytes);
    if (along_y) {
      down_.compute(manner.interpolation, image.height(), height, part.top, part.height);
      rows_in_turn<Channels>(widen, bytes);
    } else {
      widen(part.top, part.height, result_, 0);
    }
    if (manner.by_alpha)
      for (Index y = 0; y < part.height; ++y)
        for (Index x = 0; x < bytes; x += alpha_block) divide_by_alpha(result_.row(y) + x);
  }

  /// All rows of the result, from a window of rows that moves down the picture and stays in the cache.
  template <Index Channels, class Widen>
  void rows_in_turn(const Widen& widen, Index bytes) {
    const Index last = down_.end_input(), room = down_.most_taps() + 2 * rows_together<Channels>;
    window_.reshape(room, bytes);
    Index top = down_.first_input(), end = top;  // inputs [top, end) are in the window
    for (Index y = 0; y < down_.count(); ++y) {
      const Index begin = down_.begin(y);
      if (end < begin + down_.taps(y)) {
        const Index kept = std::max(end - begin, Index{0});
        window_.move_up(end - kept - top, kept);
        top = end - kept;
        const Index fits = room - kept, rows = std::min(fits - fits % rows_together<Channels>, last - end);
        widen(end, rows, window_, kept);
        end += rows;
      }
      resize_along_column(window_.row(begin - top), window_.stride(), bytes, down_, y, result_.row(y));
    }
  }

  Image sixteen_bits(const Image& image, Index width, Index height, Box part, Interpolation interpolation) {
    const bool along_x = width != image.width(), along_y = height != image.height();
    if (along_x) across_.compute(interpolation, image.width(), width, part.left, part.width);
    if (along_y) down_.compute(interpolation, image.height(), height, part.top, part.height);
    result16_ = resize_gray16(image, along_x ? &across_ : nullptr, along_y ? &down_ : nullptr, part.left, part.top,
                              part.width, part.height);
    return Image::view(result16_.data(), part.width, part.height, 2 * part.width, Pixels::gray16);
  }

  /// The input nearest to the middle of output i, i = first … first + count - 1. The reference adds up the steps, so rounding errors
  /// do too.
  static std::vector<Index> nearest_inputs(Index in, Index out, Index first, Index count) {
    std::vector<Index> inputs;
    const double step = static_cast<double>(in) / static_cast<double>(out);
    double at = step * 0.5;
    for (Index i = 0; i < first + count; ++i, at += step)
      if (i >= first) inputs.push_back(std::min(static_cast<Index>(at), in - 1));
    return inputs;
  }

  void nearest(const Image& image, Index width, Index height, Box part) {
    const Index channels = image.channels();
    const std::vector<Index> xs = nearest_inputs(image.width(), width, part.left, part.width),
                             ys = nearest_inputs(image.height(), height, part.top, part.height);
    result_.reshape(part.height, part.width * channels);
    for (Index y = 0; y < part.height; ++y) {
      std::uint8_t* out = result_.row(y);
      for (const Index x : xs) {
        std::memcpy(out, image.row(ys[static_cast<std::size_t>(y)]) + x * channels, static_cast<std::size_t>(channels));
        out += channels;
      }
    }
  }

  ResizeWeights across_, down_;
  ByteRows side_by_side_, window_, result_;
  std::vector<std::uint16_t> result16_;
};

inline std::string size_in_words(Index width, Index height) {
  return std::to_string(width) + " x " + std::to_string(height);
}

/// Pixels there are, and sides not beyond reason; otherwise an error of kind E.
template <class E>
Result<void> check_sides(const std::string& place, const std::string& what, Index width, Index height) {
  if (width < 1 || height < 1) return E{place, what, "at least 1 x 1", size_in_words(width, height)};
  if (width > longest_side || height > longest_side)
    return E{place, what, "sides of at most 2^24", size_in_words(width, height)};
  return {};
}

}  // namespace detail

/// The picture at width x height, in pixels of the same kind. As Pillow's Image.resize, bit for bit: antialiased, 8 bits between the
/// horizontal and the vertical pass, colours weighed by their alpha, palettes by nearest neighbour whatever the interpolation.
/// InputError: a picture without pixels, sides beyond 2^24. OptionError: such a size asked for.
[[nodiscard]] inline Result<Image> try_resize(const Image& image, Index width, Index height,
                                              Interpolation interpolation = Interpolation::bicubic) {
  if (auto good = detail::check_sides<InputError>("resize", "size of the image", image.width(), image.height()); !good)
    return good.error();
  if (auto good = detail::check_sides<OptionError>("resize", "size", width, height); !good) return good.error();
  detail::Resizer resizer;
  const Image resized =
      resizer(image, width, height, {0, 0, width, height}, detail::ResizeManner::of(image, interpolation));
  const auto row_bytes = static_cast<std::size_t>(width * image.channels());
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(height) * row_bytes);
  for (Index y = 0; y < height; ++y)
    std::memcpy(bytes.data() + static_cast<std::size_t>(y) * row_bytes, resized.row(y), row_bytes);
  Image result{width, height, image.pixels(), std::move(bytes)};
  return image.palette() ? std::move(result).as_palette() : std::move(result);
}
[[nodiscard]] inline Image resize(const Image& image, Index width, Index height,
                                  Interpolation interpolation = Interpolation::bicubic) {
  return try_resize(image, width, height, interpolation).value();
}

}  // namespace clip::inline CLIP_ABI
