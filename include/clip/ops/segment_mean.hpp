// clip/ops/segment_mean.hpp: means of groups of consecutive rows.
#pragma once

#include <clip/autograd/context.hpp>
#include <clip/core/sequences.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace clip::inline CLIP_ABI {

/// y_s = (1/n_s) Σ x_i over the n_s rows i with segment s;   dx_i += dy_s / n_s
///   x : (rows, W), y : (segments, W); `segments` gives the segment of every row, ascending, and every segment has rows.
///   It is in host memory and outlives the tape.
struct SegmentMeanOp {
  static constexpr std::string_view name = "segment_mean";
  Ids segments;
  Index count;

  template <class T>
  Extents saved(In<T> x) const {
    return {count, x.cols};  // scratch of backward
  }
  template <class T>
  void forward(auto& b, In<T> x, Out<T> y, Saved<T>) const {
    b.fill(y, T(0));
    b.scatter_add(x, segments, Acc<T>{y, false});
    divide(b, In<T>{y}, y);
  }
  template <class T>
  void backward(auto& b, In<T>, Saved<T> scratch, In<T> dy, Acc<T> dx) const {
    if (!dx) return;
    b.fill(scratch, T(0));
    divide(b, dy, scratch);
    b.gather(In<T>{scratch}, segments, dx);
  }

 private:
  /// Row s of y = row s of x / n_s.
  template <class T>
  void divide(auto& b, In<T> x, Out<T> y) const {
    std::size_t begin = 0;
    while (begin < segments.size()) {
      const std::int32_t s = segments[begin];
      std::size_t end = begin;
      while (end < segments.size() && segments[end] == s) ++end;
      b.blend(0, 1 / static_cast<double>(end - begin), x.middle_rows(s, 1), y.middle_rows(s, 1));
      begin = end;
    }
  }
};

/// Means of the rows of each segment.          ShapeError: not one segment per row.
template <class Cx, Index W>
Rows<Cx, W> segment_mean(Cx& cx, Rows<Cx, W> x, Ids segments, Index count) {
  if (static_cast<Index>(segments.size()) != x.rows())
    raise(ShapeError{"segment_mean", "segments of rows", x.rows(), segments.size()});
  return cx.apply(SegmentMeanOp{segments, count}, count, Size<W>{x.cols()}, x);
}

}  // namespace clip::inline CLIP_ABI
