// clip/backend/cpu/convolution/windows.hpp: im2col by blocks: the windows of an image gathered as rows of a product.
#pragma once

#include <clip/backend/cpu/gemm/operands.hpp>
#include <clip/backend/cpu/simd/loops.hpp>
#include <clip/backend/cpu/threads/partition.hpp>
#include <clip/core/grid.hpp>

#include <algorithm>

namespace clip::inline CLIP_ABI::cpu {

/// Source of rows for a product: row i holds the pixels under the window at pixel i of `output`: for every pixel of the
/// window, line by line, its channels; zeros outside the image. With `dilation` the pixels of the input are that far
/// apart with zeros between them: the derivative of a convolution with that stride reads its gradients so.
template <class T>
struct Windows {
  In<T> x;             // pixels of the input
  Grid input, output;  // grid of the input, grid of the windows
  Window window;
  Index dilation = 1;

  /// The windows a convolution multiplies.
  static Windows forward(In<T> x, Grid grid, Window window) { return {x, grid, window.over(grid), window}; }
  /// The windows of dy that the gradient of every pixel of `grid` multiplies, by the mirrored weights.
  static Windows backward(In<T> dy, Grid grid, Window window) {
    return {dy, window.over(grid), grid, {window.size, 1, window.size - 1 - window.padding}, window.stride};
  }

  Index cols() const { return window.area() * x.cols; }
  /// From one gathered row to the next: rows do not share sets of the cache.
  static constexpr Index pitch(Index cols) { return round_up(cols, 16) + 16; }

  /// Columns [begin, end) of rows [i0, i1), gathered in `buffer`.
  Block<T> block(Index i0, Index i1, Index begin, Index end, T* buffer) const {
    gather(i0, i1, begin, end, buffer, pitch(end - begin));
    return {buffer, pitch(end - begin)};
  }

  /// The same with rows `stride` apart.
  void gather(Index i0, Index i1, Index begin, Index end, T* to, Index stride) const {
    const bool whole_lines = begin == 0 && end == cols() && contiguous_lines();
    Index image = i0 / output.pixels(), out_y = i0 % output.pixels() / output.width, out_x = i0 % output.width;
    for (Index i = i0; i < i1; ++i, to += stride) {
      const Index y = out_y * window.stride - window.padding, x0 = out_x * window.stride - window.padding;
      if (whole_lines && y >= 0 && x0 >= 0 && y + window.size <= input.height && x0 + window.size <= input.width) {
        const T* line = x.row((image * input.height + y) * input.width + x0);
        const Index n = window.size * x.cols;
        for (Index ky = 0; ky < window.size; ++ky, line += input.width * x.cols) copy(line, n, to + ky * n);
      } else {
        gather_window(image, y, x0, begin, end, to);
      }
      if (++out_x < output.width) continue;
      out_x = 0;
      if (++out_y == output.height) {
        out_y = 0;
        ++image;
      }
    }
  }

 private:
  /// The pixels of a line are adjacent in memory.
  bool contiguous_lines() const { return dilation == 1 && x.stride == x.cols; }

  /// One row: the window whose upper left pixel is (y, x0), partly outside the image or with dilation.
  void gather_window(Index image, Index y, Index x0, Index begin, Index end, T* to) const {
    const Index line = window.size * x.cols;
    for (Index ky = begin / line; ky * line < end; ++ky) {
      // n values at pixel kx of the line; null: zeros.
      const auto copy_values = [&](Index kx, Index n, const T* values) {
        const Index k = ky * line + kx * x.cols, low = std::max(k, begin), high = std::min(k + n, end);
        if (low < high) copy(values ? values + (low - k) : nullptr, high - low, to + (low - begin));
      };
      const Index py = y + ky;
      const bool inside = py >= 0 && py % dilation == 0 && py / dilation < input.height;
      const Index row = (image * input.height + py / dilation) * input.width;
      if (!inside) {
        copy_values(0, line, nullptr);
      } else if (contiguous_lines()) {
        const Index low = std::clamp<Index>(-x0, 0, window.size);
        const Index high = std::clamp<Index>(input.width - x0, low, window.size);
        copy_values(0, low * x.cols, nullptr);
        if (low < high) copy_values(low, (high - low) * x.cols, x.row(row + x0 + low));
        copy_values(high, (window.size - high) * x.cols, nullptr);
      } else {
        for (Index kx = 0; kx < window.size; ++kx) {
          const Index px = x0 + kx;
          const bool pixel = px >= 0 && px % dilation == 0 && px / dilation < input.width;
          copy_values(kx, x.cols, pixel ? x.row(row + px / dilation) : nullptr);
        }
      }
    }
  }

  /// n values, or zeros.
  static void copy(const T* from, Index n, T* to) {
    using P = Simd<T>;
    if (from) each_packet<T>(n, [&](Index j, auto mask) { P::load(from + j, mask).store(to + j, mask); });
    else each_packet<T>(n, [&](Index j, auto mask) { P(0).store(to + j, mask); });
  }
};

}  // namespace clip::inline CLIP_ABI::cpu
