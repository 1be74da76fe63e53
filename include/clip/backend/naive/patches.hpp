// clip/backend/naive/patches.hpp: images cut into patches, in plain loops.
#pragma once

#include <clip/core/view.hpp>

namespace clip::inline CLIP_ABI {

template <class T>
struct NaivePatches {
  /// Cuts every image (channels, size, size) into g × g patches, row by row; a patch is one row (channels, p, p), as in
  /// conv1.weight: the rows that a convolution multiplies whose stride is its kernel size.
  void patches(In<T> images, Index channels, Index size, Index patch, Out<T> y) {
    pixels(images.rows, channels, size, patch,
           [&](Index n, Index pixel, Index row, Index col) { y(row, col) = images(n, pixel); });
  }

  void patches_backward(In<T> dy, Index channels, Index size, Index patch, Acc<T> dimages) {
    pixels(dimages.rows, channels, size, patch,
           [&](Index n, Index pixel, Index row, Index col) { dimages.add(n, pixel, dy(row, col)); });
  }

 private:
  /// visit(image, index in the image, row and column of the patch matrix), for every pixel the patches cover.
  static void pixels(Index images, Index channels, Index size, Index patch, auto visit) {
    const Index grid = size / patch;
    for (Index n = 0; n < images; ++n)
      for (Index c = 0; c < channels; ++c)
        for (Index y = 0; y < grid * patch; ++y)
          for (Index x = 0; x < grid * patch; ++x)
            visit(n, (c * size + y) * size + x, (n * grid + y / patch) * grid + x / patch,
                  (c * patch + y % patch) * patch + x % patch);
  }
};

}  // namespace clip::inline CLIP_ABI
