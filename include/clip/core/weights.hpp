// clip/core/weights.hpp: weights as ops and backends read them: matrix, use and memory layout.
#pragma once

#include <clip/core/view.hpp>

namespace clip::inline CLIP_ABI {

/// How products use a weight, which determines how a backend may pack it: not at all, x wᵀ, x p, or a convolution.
enum class Use : unsigned char { other, linear, project, convolution };

/// Memory layout of a weight: 0 is row-major, as in the file; every other value is defined by the backend that packed
/// it.
enum class Layout : unsigned char { rows = 0 };

/// A weight as ops read it: a matrix in one of its layouts, or `count` of its rows from `first` on. In a packed layout
/// `data` is the start of the packed block, and rows/cols are those of the whole matrix.
template <class T>
struct Weights : View<const T> {
  Layout layout = Layout::rows;
  Index first = 0;       // first row of a slice, in packed layouts only; row-major slices offset `data` instead
  Use use = Use::other;  // what the weight was packed for

  constexpr Weights() = default;
  constexpr Weights(View<const T> view) : View<const T>{view} {}
  constexpr Weights(View<const T> view, Layout layout_, Index first_ = 0, Use use_ = Use::other)
      : View<const T>{view}, layout{layout_}, first{first_}, use{use_} {}
};

}  // namespace clip::inline CLIP_ABI
