// clip/autograd/borrow.hpp: values of the host as an input of a context.
#pragma once

#include <clip/autograd/context.hpp>

#include <cstddef>
#include <span>
#include <type_traits>

namespace clip::inline CLIP_ABI::detail {

/// Values without gaps as rows of a context: where they lie if its backend can read them there, otherwise uploaded. Ops only read
/// them, and they must live as long as those.
template <class Cx, class S, Index W>
Rows<Cx, W> borrow(Cx& cx, View<const S> values, Size<W> width) {
  using B = std::remove_cvref_t<decltype(cx.backend())>;
  if constexpr (B::host_memory && std::is_same_v<typename B::Scalar, S>) {
    return {View<S>{const_cast<S*>(values.data), values.rows, values.cols}};
  } else {
    const Rows<Cx, W> rows = cx.allocate(values.rows, width);
    cx.backend().upload(std::span<const S>{values.data, static_cast<std::size_t>(values.count())}, rows.view);
    return rows;
  }
}

}  // namespace clip::inline CLIP_ABI::detail
