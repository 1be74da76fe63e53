// clip/core/grid.hpp: pictures as rows of pixels, and the windows that slide over them.
#pragma once

#include <clip/core/size.hpp>

namespace clip::inline CLIP_ABI {

/// Rows that are the pixels of a batch of pictures: row (i · height + y) · width + x holds the channels of pixel (y, x) of
/// picture i.
struct Grid {
  Index images = 0, height = 0, width = 0;

  constexpr Index pixels() const { return height * width; }
  constexpr Index rows() const { return images * pixels(); }
  friend constexpr bool operator==(const Grid&, const Grid&) = default;
};

/// A square window: its size, the steps it takes, and the zeros around the picture.
struct Window {
  Index size = 1, stride = 1, padding = 0;

  /// The pixels of its results: places where the window lies within the padded picture.
  /// ShapeError: it lies nowhere within.
  constexpr Grid over(Grid grid) const {
    const Index least = grid.height < grid.width ? grid.height : grid.width;
    if (least + 2 * padding < size) raise(ShapeError{"window", "pixels under it", size, least + 2 * padding});
    return {grid.images, (grid.height + 2 * padding - size) / stride + 1,
            (grid.width + 2 * padding - size) / stride + 1};
  }
  constexpr Index area() const { return size * size; }
  /// One pixel onto one pixel: a convolution with it is a linear map of the channels.
  constexpr bool pointwise() const { return size == 1 && stride == 1 && padding == 0; }
  friend constexpr bool operator==(const Window&, const Window&) = default;
};

}  // namespace clip::inline CLIP_ABI
