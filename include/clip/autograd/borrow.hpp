// clip/autograd/borrow.hpp: host values as an input of a context, without a copy where the backend can read them.
#pragma once

#include <clip/autograd/context.hpp>

#include <cstddef>
#include <span>
#include <type_traits>

namespace clip::inline CLIP_ABI::detail {

/// Contiguous host values as rows of a context: the same memory if its backend can read it, otherwise uploaded. Ops
/// only read them; they must outlive the rows.
template <class Cx, class S, Index W>
Rows<Cx, W> borrow(Cx& cx, View<const S> values, Size<W> width) {
  using B = BackendOf<Cx>;
  if constexpr (B::host_memory && std::is_same_v<typename B::Scalar, S>) {
    return {View<S>{const_cast<S*>(values.data), values.rows, values.cols}};
  } else {
    const Rows<Cx, W> rows = cx.allocate(values.rows, width);
    cx.backend().upload(std::span<const S>{values.data, static_cast<std::size_t>(values.count())}, rows.view);
    return rows;
  }
}

}  // namespace clip::inline CLIP_ABI::detail
