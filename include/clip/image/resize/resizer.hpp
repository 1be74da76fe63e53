// clip/image/resize/resizer.hpp: the resizer of images.
#pragma once

#include <clip/config/preprocessing.hpp>
#include <clip/core/size.hpp>
#include <clip/image/alpha.hpp>
#include <clip/image/image.hpp>
#include <clip/image/resize/gray16.hpp>
#include <clip/image/resize/order.hpp>
#include <clip/image/resize/passes.hpp>
#include <clip/image/resize/weights.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

/// A rectangle of pixels.
struct Box {
  Index left, top, width, height;
};

/// The method of a resize. nearest: nearest neighbour instead of interpolation. by_alpha: interpolates colours
/// premultiplied by alpha.
struct ResizeManner {
  Interpolation interpolation = Interpolation::bicubic;
  bool nearest = false;
  bool by_alpha = false;
  Resampling resampling = Resampling::pillow13;

  /// The method for the image's pixel format: torchvision knows neither palettes nor alpha.
  static ResizeManner of(const Image& image, Interpolation interpolation,
                         Resampling resampling = Resampling::pillow13) {
    const bool pillow = resampling != Resampling::torchvision;
    return {.interpolation = interpolation,
            .nearest = pillow && image.palette(),
            .by_alpha = pillow && has_alpha(image.pixels()),
            .resampling = resampling};
  }
};

/// Resizes images one after the other and reuses its memory.
class Resizer {
 public:
  /// The region `part` of the image resized to width x height, with the same bits as in the whole result; computes no
  /// other pixel. Returns a view of the image if the size does not change, otherwise of the resizer's memory, valid
  /// until its next call. Requires sizes of at least 1 and `part` inside the result.
  Image operator()(const Image& image, Index width, Index height, Box part, ResizeManner manner) {
    const Index channels = image.channels();
    if (width == image.width() && height == image.height())
      return Image::view(image.row(part.top) + part.left * channels, part.width, part.height, image.stride(),
                         image.pixels());
    if (manner.nearest) nearest(image, width, height, part);
    else if (image.pixels() == Pixels::gray16) return sixteen_bits(image, width, height, part, manner);
    else if (channels == 1) weighted<1>(image, width, height, part, manner);
    else if (channels == 3) weighted<3>(image, width, height, part, manner);
    else weighted<4>(image, width, height, part, manner);
    return Image::view(result_.row(0), part.width, part.height, result_.stride(), image.pixels());
  }

 private:
  /// Both passes in the resampling's order. Skips the pass of a side that keeps its length.
  template <Index Channels>
  void weighted(const Image& image, Index width, Index height, Box part, ResizeManner manner) {
    const bool along_x = compute_across(image, width, part, manner),
               along_y = compute_down(image, height, part, manner);
    result_.reshape(part.height, part.width * Channels);
    if (along_x && along_y && vertical_first(manner.resampling, image.width(), image.height(), width, height))
      columns_first<Channels>(image, part, manner);
    else rows_first<Channels>(image, part, manner, along_x, along_y);
    if (manner.by_alpha)
      for (Index y = 0; y < part.height; ++y)
        for (Index x = 0; x < part.width * Channels; x += alpha_block) divide_by_alpha(result_.row(y) + x);
  }

  /// The weights of an axis, for the outputs of `part`. False if the axis keeps its length.
  bool compute_across(const Image& image, Index width, Box part, ResizeManner manner) {
    if (width == image.width()) return false;
    across_.compute(manner.interpolation, image.width(), width, part.left, part.width, manner.resampling);
    return true;
  }
  bool compute_down(const Image& image, Index height, Box part, ResizeManner manner) {
    if (height == image.height()) return false;
    down_.compute(manner.interpolation, image.height(), height, part.top, part.height, manner.resampling);
    return true;
  }

  template <Index Channels>
  void rows_first(const Image& image, Box part, ResizeManner manner, bool along_x, bool along_y) {
    // Writes rows [top, top + rows), resized to the width of `part`, to the rows of `out` from `at` on.
    const auto resize_x = [&](Index top, Index rows, ByteRows& out, Index at) {
      if (along_x)
        resize_along_rows<Channels>(image, across_, across_.first_input(), top, rows, manner.by_alpha, transposed_, out,
                                    at);
      else copy_rows(image, part.left, part.width, top, rows, manner.by_alpha, out, at);
    };
    if (along_y) resize_y<Channels>(resize_x, part.width * Channels, result_);
    else resize_x(part.top, part.height, result_, 0);
  }

  /// Both sides change. The columns that the horizontal pass needs are resized vertically first.
  template <Index Channels>
  void columns_first(const Image& image, Box part, ResizeManner manner) {
    const Index left = across_.first_input(), columns = across_.end_input() - left;
    const auto copy = [&](Index top, Index rows, ByteRows& out, Index at) {
      copy_rows(image, left, columns, top, rows, manner.by_alpha, out, at);
    };
    columns_.reshape(part.height, columns * Channels);
    resize_y<Channels>(copy, columns * Channels, columns_);
    const Image resized = Image::view(columns_.row(0), columns, part.height, columns_.stride(), image.pixels());
    resize_along_rows<Channels>(resized, across_, 0, 0, part.height, false, transposed_, result_, 0);
  }

  /// Vertical pass, on a sliding window of rows that resize_x writes and that stays in the cache.
  template <Index Channels, class ResizeX>
  void resize_y(const ResizeX& resize_x, Index bytes, ByteRows& out) {
    const Index last = down_.end_input(), capacity = down_.most_taps() + 2 * rows_together<Channels>;
    window_.reshape(capacity, bytes);
    Index top = down_.first_input(), end = top;  // inputs [top, end) are in the window
    for (Index y = 0; y < down_.count(); ++y) {
      const Index begin = down_.begin(y);
      if (end < begin + down_.taps(y)) {
        const Index kept = std::max(end - begin, Index{0});
        window_.move_up(end - kept - top, kept);
        top = end - kept;
        const Index fits = capacity - kept, rows = std::min(fits - fits % rows_together<Channels>, last - end);
        resize_x(end, rows, window_, kept);
        end += rows;
      }
      resize_along_column(window_.row(begin - top), window_.stride(), bytes, down_, y, out.row(y));
    }
  }

  Image sixteen_bits(const Image& image, Index width, Index height, Box part, ResizeManner manner) {
    const bool along_x = compute_across(image, width, part, manner),
               along_y = compute_down(image, height, part, manner);
    result16_ =
        resize_gray16(image, along_x ? &across_ : nullptr, along_y ? &down_ : nullptr, part.left, part.top, part.width,
                      part.height, vertical_first(manner.resampling, image.width(), image.height(), width, height),
                      manner.resampling == Resampling::pillow12);
    return Image::view(result16_.data(), part.width, part.height, 2 * part.width, Pixels::gray16);
  }

  /// For each output i = first … first + count - 1, the input nearest to its centre. Accumulates the steps, and thus
  /// the rounding errors, as the reference does.
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
  ByteRows transposed_, window_, columns_, result_;
  std::vector<std::uint16_t> result16_;
};

}  // namespace clip::inline CLIP_ABI::detail
