// clip/ops/pooling.hpp: average and maximum pooling, and images as rows of pixels.
#pragma once

#include <clip/autograd/context.hpp>
#include <clip/backend/convolving.hpp>
#include <clip/core/grid.hpp>

#include <string_view>

namespace clip::inline CLIP_ABI {

/// y = mean of every k × k pixels, stride k;   dx += dy / k² of the mean that contains it
///   x : (pixels of grid, W)
/// Naive: backend/naive/pooling.hpp
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

/// y = the largest of the pixels under the window;   dx(pixel) += Σ of dy over the windows whose first largest it is
///   x : (pixels of grid, W), y : (pixels of window.over(grid), W)
/// Naive: backend/naive/pooling.hpp
struct MaxPoolOp {
  static constexpr std::string_view name = "max_pool";
  Grid grid;
  Window window;

  template <class T>
  void forward(auto& b, In<T> x, Out<T> y, Saved<T>) const {
    b.max_pool(x, grid, window, y);
  }
  template <class T>
  void backward(auto& b, In<T> x, Saved<T>, In<T> dy, Acc<T> dx) const {
    if (dx) b.max_pool_backward(x, dy, grid, window, dx);
  }
};

/// Images (channels, height, width) as rows of pixels.          x : (n, channels · pixels), y : (n · pixels, channels)
/// Naive: backend/naive/pooling.hpp
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

/// Means of k × k pixels, stride k, as PyTorch's AvgPool2d(k): incomplete windows at the edges are dropped.
template <class Cx, Index N>
Rows<Cx, N> average_pool(Cx& cx, Rows<Cx, N> x, Grid grid, Index k) {
  static_assert(ConvolvingBackend<BackendOf<Cx>>, "average_pool: this backend has no pooling (backend/convolving.hpp)");
  if (x.rows() != grid.rows()) raise(ShapeError{"average_pool", "rows", grid.rows(), x.rows()});
  if (k == 1) return x;
  return cx.apply(AveragePoolOp{grid, k}, Window{k, k, 0}.over(grid).rows(), Size<N>{x.cols()}, x);
}

/// The largest of the pixels under a window, per channel, as PyTorch's MaxPool2d: pixels outside the image do not exist,
/// and of equal pixels the first has the gradient. The padding is less than the window.
template <class Cx, Index N>
Rows<Cx, N> max_pool(Cx& cx, Rows<Cx, N> x, Grid grid, Window window) {
  static_assert(ConvolvingBackend<BackendOf<Cx>>, "max_pool: this backend has no pooling (backend/convolving.hpp)");
  if (x.rows() != grid.rows()) raise(ShapeError{"max_pool", "rows", grid.rows(), x.rows()});
  if (window.padding >= window.size) raise(ShapeError{"max_pool", "padding", window.size - 1, window.padding});
  return cx.apply(MaxPoolOp{grid, window}, window.over(grid).rows(), Size<N>{x.cols()}, x);
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

}  // namespace clip::inline CLIP_ABI
