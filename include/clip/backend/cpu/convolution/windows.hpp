// clip/backend/cpu/convolution/windows.hpp: the rows a convolution multiplies, put together from a picture's pixels.
#pragma once

#include <clip/backend/cpu/gemm/product.hpp>
#include <clip/core/grid.hpp>

#include <algorithm>

namespace clip::inline CLIP_ABI {
namespace detail {

/// Row i holds what lies under the window at place i of `to`: for every pixel of the window, line by line, its channels, zeros
/// outside the picture. With `spread` the picture's pixels stand that far apart with zeros between them: the derivative of a
/// convolution with that stride reads its gradients so.
template <class T>
struct Windows {
  In<T> x;        // the picture's pixels
  Grid from, to;  // its grid, and that of the places
  Window window;
  Index spread = 1;

  /// What `window` reads of x for every place of its result.
  static Windows forward(In<T> x, Grid grid, Window window) { return {x, grid, window.over(grid), window}; }
  /// What the gradient of every pixel of `grid` reads of those of the result, the window turned about.
  static Windows backward(In<T> dy, Grid grid, Window window) {
    return {dy, window.over(grid), grid, {window.size, 1, window.size - 1 - window.padding}, window.stride};
  }

  Index cols() const { return window.area() * x.cols; }
  static constexpr Index pitch(Index cols) { return round_up(cols, 16) + 16; }

  /// Columns [begin, end) of rows [i0, i1), put together in `own`, rows `pitch` apart.
  Piece<T> piece(Index i0, Index i1, Index begin, Index end, T* own) const {
    gather(i0, i1, begin, end, own, pitch(end - begin));
    return {own, pitch(end - begin)};
  }

  void gather(Index i0, Index i1, Index begin, Index end, T* own, Index stride) const {
    const bool whole = begin == 0 && end == cols() && consecutive();
    Index image = i0 / to.pixels(), place_y = i0 % to.pixels() / to.width, place_x = i0 % to.width;
    for (Index i = i0; i < i1; ++i, own += stride) {
      const Index y = place_y * window.stride - window.padding, x0 = place_x * window.stride - window.padding;
      if (whole && y >= 0 && x0 >= 0 && y + window.size <= from.height && x0 + window.size <= from.width) {
        const T* line = x.row((image * from.height + y) * from.width + x0);
        const Index n = window.size * x.cols;
        for (Index ky = 0; ky < window.size; ++ky, line += from.width * x.cols) copy(line, n, own + ky * n);
      } else {
        put(image, y, x0, begin, end, own);
      }
      if (++place_x < to.width) continue;
      place_x = 0;
      if (++place_y == to.height) place_y = 0, ++image;
    }
  }

 private:
  /// Pixels of a line stand side by side.
  bool consecutive() const { return spread == 1 && x.stride == x.cols; }

  /// One row: the window whose upper left is (y, x0), which may lie outside.
  void put(Index image, Index y, Index x0, Index begin, Index end, T* own) const {
    const Index line = window.size * x.cols;
    for (Index ky = begin / line; ky * line < end; ++ky) {
      const auto some = [&](Index kx, Index n, const T* values) {  // n values at pixel kx of the line; null: zeros
        const Index k = ky * line + kx * x.cols, low = std::max(k, begin), high = std::min(k + n, end);
        if (low < high) copy(values ? values + (low - k) : nullptr, high - low, own + (low - begin));
      };
      const Index at = y + ky;
      const bool there = at >= 0 && at % spread == 0 && at / spread < from.height;
      const Index row = (image * from.height + at / spread) * from.width;
      if (!there) {
        some(0, line, nullptr);
      } else if (consecutive()) {
        const Index low = std::clamp<Index>(-x0, 0, window.size),
                    high = std::clamp<Index>(from.width - x0, low, window.size);
        some(0, low * x.cols, nullptr);
        if (low < high) some(low, (high - low) * x.cols, x.row(row + x0 + low));
        some(high, (window.size - high) * x.cols, nullptr);
      } else {
        for (Index kx = 0; kx < window.size; ++kx) {
          const Index px = x0 + kx;
          some(kx, x.cols,
               px >= 0 && px % spread == 0 && px / spread < from.width ? x.row(row + px / spread) : nullptr);
        }
      }
    }
  }

  static void copy(const T* from, Index n, T* to) {
    using P = Pack<T>;
    if (from) along<T>(n, [&](Index j, auto part) { P::load(from + j, part).store(to + j, part); });
    else along<T>(n, [&](Index j, auto part) { P(0).store(to + j, part); });
  }
};

}  // namespace detail
}  // namespace clip::inline CLIP_ABI
