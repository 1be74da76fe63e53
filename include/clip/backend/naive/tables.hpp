// clip/backend/naive/tables.hpp: rows taken from tables, images cut into patches.
#pragma once

#include <clip/core/sequences.hpp>
#include <clip/core/view.hpp>

#include <cstddef>
#include <cstdint>

namespace clip::inline CLIP_ABI {

template <class T>
struct NaiveTables {
  /// y_i += table_{ids i}; nothing where the id is negative
  void gather(In<T> table, Ids ids, Acc<T> y) {
    for (Index i = 0; i < y.rows; ++i) {
      const std::int32_t id = ids[static_cast<std::size_t>(i)];
      for (Index j = 0; j < y.cols; ++j) y.add(i, j, id < 0 ? T(0) : table(id, j));
    }
  }

  /// table_{ids i} += x_i, in the order of i, where the id is not negative
  void scatter_add(In<T> x, Ids ids, Acc<T> table) {
    if (table.fresh)
      for (Index i = 0; i < table.rows; ++i)
        for (Index j = 0; j < table.cols; ++j) table(i, j) = 0;
    for (Index i = 0; i < x.rows; ++i)
      if (const std::int32_t id = ids[static_cast<std::size_t>(i)]; id >= 0)
        for (Index j = 0; j < x.cols; ++j) table(id, j) += x(i, j);
  }

  /// Cuts every image (channels, size, size) into g × g patches, row by row; a patch is one row (channels, p, p), as in
  /// conv1.weight. What a convolution with stride = kernel multiplies.
  void patches(In<T> images, Index channels, Index size, Index patch, Out<T> y) {
    pixels(images.rows, channels, size, patch,
           [&](Index n, Index pixel, Index row, Index col) { y(row, col) = images(n, pixel); });
  }

  void patches_backward(In<T> dy, Index channels, Index size, Index patch, Acc<T> dimages) {
    pixels(dimages.rows, channels, size, patch,
           [&](Index n, Index pixel, Index row, Index col) { dimages.add(n, pixel, dy(row, col)); });
  }

  /// For every image: row 0 is the class embedding, the others its patches; positions are added to all.
  ///   class : (1, W), positions : (g²+1, W), x : (n g², W), y : (n (g²+1), W)
  void tokens(In<T> class_embedding, In<T> positions, In<T> x, Out<T> y) {
    const Index length = positions.rows;
    for (Index i = 0; i < y.rows; ++i) {
      const Index n = i / length, t = i % length;
      for (Index j = 0; j < y.cols; ++j)
        y(i, j) = (t == 0 ? class_embedding(0, j) : x(n * (length - 1) + t - 1, j)) + positions(t, j);
    }
  }

  /// Derivative of `tokens`; length = g² + 1. The sums over images run in the order of the images.
  void tokens_backward(In<T> dy, Index length, Acc<T> dclass, Acc<T> dpositions, Acc<T> dx) {
    for (Index t = 0; t < length; ++t)
      for (Index j = 0; j < dy.cols; ++j) {
        T sum = 0;
        for (Index i = t; i < dy.rows; i += length) sum += dy(i, j);
        if (dpositions) dpositions.add(t, j, sum);
        if (t == 0 && dclass) dclass.add(0, j, sum);
      }
    for (Index i = 0; dx && i < dy.rows; ++i)
      if (i % length != 0)
        for (Index j = 0; j < dy.cols; ++j) dx.add(i / length * (length - 1) + i % length - 1, j, dy(i, j));
  }

  /// For every image: row 0 is the mean of its rows, the others are those rows; positions are added to all.
  ///   positions : (t+1, W), x : (n t, W), y : (n (t+1), W)
  void mean_token(In<T> x, In<T> positions, Out<T> y) {
    const Index t = positions.rows - 1;
    for (Index n = 0; n < y.rows / (t + 1); ++n)
      for (Index j = 0; j < y.cols; ++j) {
        T sum = 0;
        for (Index i = 0; i < t; ++i) {
          sum += x(n * t + i, j);
          y(n * (t + 1) + i + 1, j) = x(n * t + i, j) + positions(i + 1, j);
        }
        y(n * (t + 1), j) = sum / static_cast<T>(t) + positions(0, j);
      }
  }

  /// Derivative of `mean_token`; length = t + 1. The sums over images run in the order of the images.
  void mean_token_backward(In<T> dy, Index length, Acc<T> dpositions, Acc<T> dx) {
    tokens_backward(dy, length, {}, dpositions, {});
    for (Index i = 0; dx && i < dx.rows; ++i) {
      const Index n = i / (length - 1), t = i % (length - 1);
      for (Index j = 0; j < dx.cols; ++j)
        dx.add(i, j, dy(n * length + t + 1, j) + dy(n * length, j) / static_cast<T>(length - 1));
    }
  }

 private:
  /// visit(image, place in the image, row and column of the patch matrix), for every pixel the patches cover.
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
