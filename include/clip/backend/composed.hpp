// clip/backend/composed.hpp: fused primitives composed of the core list, for backends without them.
#pragma once

#include <clip/backend/fusing.hpp>

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

namespace clip::inline CLIP_ABI::composed {

/// y = residual + scale ⊙ (w2 f(w1 x̂ + b1)) + b2.          normed : (m, k), hidden : (m, h), y may be x or the
/// residual
template <class B, class T, class F>
void feed_forward(B& b, In<T> x, const FeedForward<T>& mlp, F f, Out<T> normed, Out<T> hidden, Out<T> y) {
  if (mlp.gain) b.layer_norm(x, mlp.gain, mlp.bias, mlp.epsilon, normed, Saved<T>{});
  b.linear(mlp.gain ? In<T>{normed} : x, mlp.w1, Epilogue<T, F>{.bias = mlp.b1, .activation = f}, hidden);
  b.linear(hidden, mlp.w2, Epilogue<T>{.bias = mlp.b2, .residual = mlp.residual, .scale = mlp.scale}, y);
}

/// The rows of pixels of a batch of images, in the order in which patches hold them. A row is a patch wide, or the
/// greatest common divisor of both sizes where patches do not cover the images: pixels beyond the last whole patch are
/// in no row.
class PatchIds {
 public:
  /// Pixels of one row.
  static Index row(Index size, Index patch) { return std::gcd(size, patch); }

  /// Only a change of a size computes anything. ShapeError: a patch larger than the images.
  Ids of(Index images, Index channels, Index size, Index patch) {
    if (patch < 1 || size < patch) raise(ShapeError{"patches", "size of an image", "at least that of a patch", size});
    const Shape key{images, channels, size, patch};
    if (key == key_) return ids_;
    key_ = {};  // until all ids are there
    ids_.clear();
    const Index grid = size / patch, each = patch / row(size, patch), across = size / row(size, patch);
    for (Index i = 0; i < images; ++i)
      for (Index y = 0; y < grid; ++y)
        for (Index x = 0; x < grid; ++x)
          for (Index c = 0; c < channels; ++c)
            for (Index line = 0; line < patch; ++line)
              for (Index part = 0; part < each; ++part)
                ids_.push_back(static_cast<std::int32_t>(((i * channels + c) * size + y * patch + line) * across +
                                                         x * each + part));
    key_ = key;
    return ids_;
  }

 private:
  Shape key_{};
  std::vector<std::int32_t> ids_;
};

/// A contiguous matrix as rows of n values.
template <class V>
V rows_of(const V& x, Index n) {
  if (!x.contiguous() || x.count() % n != 0) raise(ShapeError{"patches", "values from row to row", x.cols, x.stride});
  V rows = x;
  rows.rows = x.count() / n;
  rows.cols = rows.stride = n;
  return rows;
}

/// Images (n, channels · size²) cut into patches : (n g², channels patch²): one gather of rows of `row` pixels.
template <class B, class T>
void patches(B& b, In<T> images, Index row, Ids ids, Out<T> y) {
  b.gather(rows_of(images, row), ids, Acc<T>{rows_of(y, row), true});
}
template <class B, class T>
void patches_backward(B& b, In<T> dy, Index row, Ids ids, Acc<T> dimages) {
  b.scatter_add(rows_of(dy, row), ids, rows_of(dimages, row));
}

}  // namespace clip::inline CLIP_ABI::composed
