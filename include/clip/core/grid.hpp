// clip/core/grid.hpp: image batches as rows of pixels, and sliding windows over them.
#pragma once

#include <clip/core/size.hpp>

namespace clip::inline CLIP_ABI {

/// A batch of images as rows of pixels: row (i · height + y) · width + x holds the channels of pixel (y, x) of image i.
struct Grid {
  Index images = 0, height = 0, width = 0;

  constexpr Index pixels() const { return height * width; }
  constexpr Index rows() const { return images * pixels(); }
  friend constexpr bool operator==(const Grid&, const Grid&) = default;
};

/// A square sliding window: its size, its stride, and the zero padding around the image.
struct Window {
  Index size = 1, stride = 1, padding = 0;

  /// The output grid: one pixel for each position of the window inside the padded image.
  /// ShapeError: the window is larger than the padded image.
  constexpr Grid over(Grid grid) const {
    const Index least = grid.height < grid.width ? grid.height : grid.width;
    if (least + 2 * padding < size) raise(ShapeError{"window", "pixels under it", size, least + 2 * padding});
    return {grid.images, (grid.height + 2 * padding - size) / stride + 1,
            (grid.width + 2 * padding - size) / stride + 1};
  }
  /// The positions along one axis, of so many, at which the window contains pixel p: from `begin` to before `end`.
  struct Positions {
    Index begin, end;
  };
  constexpr Positions containing(Index p, Index positions) const {
    const Index padded = p + padding, end = padded / stride + 1;
    return {padded < size ? 0 : (padded - size) / stride + 1, end < positions ? end : positions};
  }
  constexpr Index area() const { return size * size; }
  /// True for a 1×1 window: a convolution with it is a linear map of the channels.
  constexpr bool pointwise() const { return size == 1 && stride == 1 && padding == 0; }
  friend constexpr bool operator==(const Window&, const Window&) = default;
};

/// A window of odd sides, centred on its pixel: only the stride changes the grid. Pixels outside the image are zeros.
struct CentredWindow {
  Index height = 1, width = 1, stride = 1;

  constexpr Grid over(Grid grid) const {
    return {grid.images, (grid.height + stride - 1) / stride, (grid.width + stride - 1) / stride};
  }
  constexpr Index area() const { return height * width; }
  friend constexpr bool operator==(const CentredWindow&, const CentredWindow&) = default;
};

}  // namespace clip::inline CLIP_ABI
