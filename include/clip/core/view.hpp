// clip/core/view.hpp: shapes, non-owning matrix views, and the roles of an op's views.
#pragma once

#include <clip/core/size.hpp>

#include <array>
#include <initializer_list>
#include <string>
#include <type_traits>

namespace clip::inline CLIP_ABI {

/// Shape of a named weight or an image batch: up to four extents. A scalar has none.
struct Shape {
  std::array<Index, 4> extent{};
  int rank = 0;

  constexpr Shape() = default;
  constexpr Shape(std::initializer_list<Index> extents) {
    for (Index e : extents) {
      if (rank == 4) raise(ShapeError{"shape", "number of extents", "at most 4", "more"});
      extent[static_cast<std::size_t>(rank++)] = e;
    }
  }

  constexpr Index operator[](int i) const { return extent[static_cast<std::size_t>(i)]; }
  constexpr Index count() const {
    Index n = 1;
    for (int i = 0; i < rank; ++i) n *= (*this)[i];
    return n;
  }
  /// The shape as a matrix: the first extent by the product of the others; a vector is one row.
  constexpr Index rows() const { return rank < 2 ? 1 : extent[0]; }
  constexpr Index cols() const { return rank == 0 ? 1 : rank == 1 ? extent[0] : rows() == 0 ? 0 : count() / rows(); }
  friend constexpr bool operator==(const Shape&, const Shape&) = default;

  std::string in_words() const {
    std::string text = "(";
    for (int i = 0; i < rank; ++i) text += (i ? ", " : "") + std::to_string((*this)[i]);
    return text + ")";
  }
};

/// A non-owning matrix: rows of `cols` consecutive values, `stride` values apart. Null for an absent input or output.
/// The memory belongs to a backend: only its primitives may dereference `data`.
template <class T>
struct View {
  T* data = nullptr;
  Index rows = 0, cols = 0, stride = 0;

  constexpr View() = default;
  constexpr View(T* data_, Index rows_, Index cols_) : data{data_}, rows{rows_}, cols{cols_}, stride{cols_} {}
  constexpr View(T* data_, Index rows_, Index cols_, Index stride_)
      : data{data_}, rows{rows_}, cols{cols_}, stride{stride_} {}

  /// A view that only reads, of one that may write. (As a conversion function, nvcc warns of it in View<const T>.)
  template <class U>
    requires(!std::is_const_v<U> && std::is_same_v<const U, T>)
  constexpr View(const View<U>& v) : data{v.data}, rows{v.rows}, cols{v.cols}, stride{v.stride} {}

  constexpr explicit operator bool() const { return data != nullptr; }
  constexpr Index count() const { return rows * cols; }
  constexpr bool contiguous() const { return stride == cols || rows <= 1; }

  constexpr T* row(Index i) const { return data + i * stride; }
  constexpr T& operator()(Index i, Index j) const { return data[i * stride + j]; }

  constexpr View middle_rows(Index begin, Index n) const { return {data + begin * stride, n, cols, stride}; }
  constexpr View middle_cols(Index begin, Index n) const { return {data + begin, rows, n, stride}; }
};

/// The roles of views in an op: input, output, and values saved from forward to backward (absent in inference).
template <class T>
using In = View<const T>;
template <class T>
using Out = View<T>;
template <class T>
using Saved = View<T>;

/// A gradient accumulator. Backward always adds; while `fresh` the target is uninitialised and the first sum is stored.
/// Null if no gradient is wanted.
template <class T>
struct Acc : View<T> {
  bool fresh = false;

  constexpr Acc() = default;
  constexpr Acc(View<T> view, bool fresh_) : View<T>{view}, fresh{fresh_} {}

  constexpr void add(Index i, Index j, T value) const {
    T& target = (*this)(i, j);
    target = fresh ? value : target + value;
  }
  constexpr Acc middle_rows(Index begin, Index n) const { return {View<T>::middle_rows(begin, n), fresh}; }
  constexpr Acc middle_cols(Index begin, Index n) const { return {View<T>::middle_cols(begin, n), fresh}; }
};

}  // namespace clip::inline CLIP_ABI
