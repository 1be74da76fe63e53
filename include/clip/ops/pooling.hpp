// clip/ops/pooling.hpp: pictures made smaller, and the ways in and out of rows of pixels.
#pragma once

#include <clip/autograd/context.hpp>
#include <clip/core/grid.hpp>

#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

/// y = mean of every k × k pixels, stride k;   dx += dy / k² of the place that read it.          x : (pixels of grid, W)
struct AveragePoolOp {
  static constexpr std::string_view name = "average_pool";
  Grid grid;
  Index k;

  template <class T>
  void forward(auto& b, In<T> x, Out<T> y, Saved<T>) const {
    b.average_pool(x, grid, k, y);
  }
  template <class T>
  void backward(auto& b, In<T>, Saved<T>, In<T> dy, Acc<T> dx) const {
    if (dx) b.average_pool_backward(dy, grid, k, dx);
  }
};

/// Images (channels, height, width) as rows of pixels.          x : (n, channels · pixels), y : (n · pixels, channels)
struct ChannelsLastOp {
  static constexpr std::string_view name = "channels_last";
  Index channels;

  template <class T>
  void forward(auto& b, In<T> x, Out<T> y, Saved<T>) const {
    b.channels_last(x, channels, y);
  }
  template <class T>
  void backward(auto& b, In<T>, Saved<T>, In<T> dy, Acc<T> dx) const {
    if (dx) b.channels_last_backward(dy, channels, dx);
  }
};

/// For every image: the mean of its t rows, then those rows; positions are added to all.
///   x : (n t, W), positions : (t + 1, W), y : (n (t + 1), W);   dx_i += dy_i + dmean / t,   dpositions += Σ over images of dy
struct MeanTokenOp {
  static constexpr std::string_view name = "mean_token";

  template <class T>
  void forward(auto& b, In<T> x, In<T> positions, Out<T> y, Saved<T>) const {
    b.mean_token(x, positions, y);
  }
  template <class T>
  void backward(auto& b, In<T>, In<T> positions, Saved<T>, In<T> dy, Acc<T> dx, Acc<T> dpositions) const {
    b.mean_token_backward(dy, positions.rows, dpositions, dx);
  }
};

/// Means of k × k pixels, stride k, as PyTorch's AvgPool2d(k): what is left at the edges is not read.
template <class Cx, Index N>
Rows<Cx, N> average_pool(Cx& cx, Rows<Cx, N> x, Grid grid, Index k) {
  if (x.rows() != grid.rows()) raise(ShapeError{"average_pool", "rows", grid.rows(), x.rows()});
  if (k == 1) return x;
  return cx.apply(AveragePoolOp{grid, k}, Window{k, k, 0}.over(grid).rows(), Size<N>{x.cols()}, x);
}

/// Images as files and preprocessing hold them, (n, channels · height · width), as rows of pixels.
template <class Cx, Index W, Index N>
Rows<Cx, N> channels_last(Cx& cx, Rows<Cx, W> images, Index channels, Grid grid, Size<N> width) {
  if (images.rows() != grid.images || images.cols() != channels * grid.pixels())
    raise(ShapeError{"channels_last", "shape", Shape{grid.images, channels * grid.pixels()},
                     Shape{images.rows(), images.cols()}});
  if (width != channels) raise(ShapeError{"channels_last", "channels", Index{width}, channels});
  return cx.apply(ChannelsLastOp{channels}, grid.rows(), width, images);
}

/// Per image the mean of its rows, then its rows, plus positions : (rows + 1, N).
template <class Cx, Index N>
Rows<Cx, N> mean_token(Cx& cx, Rows<Cx, N> x, const Parameter<typename Cx::Scalar>& positions) {
  const Index t = positions.shape.rows() - 1;
  if (t < 1 || x.rows() % t != 0)
    raise(ShapeError{"mean_token", "rows", "a multiple of " + std::to_string(t), x.rows()});
  if (positions.shape.cols() != x.cols()) raise(ShapeError{"mean_token", "width", positions.shape.cols(), x.cols()});
  return cx.apply(MeanTokenOp{}, x.rows() / t * (t + 1), Size<N>{x.cols()}, x, positions);
}

}  // namespace clip::inline CLIP_ABI
