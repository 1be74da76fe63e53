// clip/autograd/constant.hpp: values on the host as constant rows of a context: stored features, fixed vectors.
#pragma once

#include <clip/autograd/borrow.hpp>
#include <clip/tensor/tensor.hpp>

#include <concepts>
#include <cstddef>
#include <span>

namespace clip::inline CLIP_ABI {

template <class T>
struct NpyArray;

/// Values on the host, which no op computed, as rows of a context: (rows, width). No gradient reaches them, unless
/// tape.leaf(…) asks for it. A tape uses them in place where its backend reads host memory of this type: they must
/// outlive the pass, so temporaries are refused. An inference context copies them, because it computes in place.
///   const auto stored = read_npy<float>("features.npy");
///   const auto loss = cross_entropy(tape, head(tape, constant(tape, stored)), labels);
template <class Cx, std::floating_point S, Index W>
Rows<Cx, W> constant(Cx& cx, View<const S> values, Size<W> width) {
  if (values.cols != width) raise(ShapeError{"constant", "width", Index{width}, values.cols});
  if constexpr (Cx::recording) {
    return detail::borrow(cx, values, width);
  } else {
    const Rows<Cx, W> rows = cx.allocate(values.rows, width);
    cx.backend().upload(std::span<const S>{values.data, static_cast<std::size_t>(values.count())}, rows.view);
    return rows;
  }
}
template <class Cx, std::floating_point S, Index W>
Rows<Cx, W> constant(Cx& cx, const Features<S, W>& features) {
  return constant(cx, features.view(), Size<W>{features.width()});
}
template <class Cx, std::floating_point S>
Rows<Cx, dyn> constant(Cx& cx, const Tensor<S>& tensor) {
  return constant(cx, tensor.view(), Size<dyn>{tensor.view().cols});
}
/// An array of rows, as read from .npy. ShapeError: not two extents.
template <class Cx, std::floating_point S>
Rows<Cx, dyn> constant(Cx& cx, const NpyArray<S>& array) {
  if (array.shape.size() != 2) raise(ShapeError{"constant", "extents of the array", 2, array.shape.size()});
  return constant(cx, View<const S>{array.values.data(), array.shape[0], array.shape[1]}, Size<dyn>{array.shape[1]});
}

template <class Cx, std::floating_point S, Index W>
void constant(Cx&, const Features<S, W>&&) = delete;
template <class Cx, std::floating_point S>
void constant(Cx&, const Tensor<S>&&) = delete;
template <class Cx, std::floating_point S>
void constant(Cx&, const NpyArray<S>&&) = delete;

}  // namespace clip::inline CLIP_ABI
