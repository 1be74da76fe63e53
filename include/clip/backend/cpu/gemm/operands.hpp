// clip/backend/cpu/gemm/operands.hpp: operands of a matrix product: blocks of rows, panels of weights.
#pragma once

#include <clip/core/view.hpp>

namespace clip::inline CLIP_ABI::cpu {

/// A block of a row-major matrix.
template <class T>
struct Block {
  const T* data = nullptr;
  Index stride = 0;  // from one row to the next
};

/// Source of rows that are read in place.
template <class T>
struct DirectRows {
  const In<T>& x;
  Index cols() const { return x.cols; }
  static constexpr Index pitch(Index) { return 0; }  // scratch per row
  /// Columns [begin, end) of rows [i0, i1).
  Block<T> block(Index i0, Index, Index begin, Index, T*) const { return {x.row(i0) + begin, x.stride}; }
};

/// Packed panels, one after another. A lane holds `parts` steps of k.
template <class Lane, Index parts = 1>
struct PackedPanels {
  const Lane* data;
  Index first;   // number of the first panel
  Index stride;  // lanes from one panel to the next
  Index width;   // lanes per step of k
  const Lane* address(Index p, Index k) const { return data + (p - first) * stride + k / parts * width; }
  /// Steps [k, k + n) of panel p.
  const Lane* block(Index p, Index k, Index) const { return address(p, k); }
};

/// Panels of an unpacked weight: pack(p, k, k + n, to) writes a block into `buffer` when the product needs it.
template <class Lane, class Pack>
struct PanelsOnDemand {
  const Pack& pack;
  Lane* buffer;
  const Lane* address(Index, Index) const { return buffer; }
  const Lane* block(Index p, Index k, Index n) const {
    pack(p, k, k + n, buffer);
    return buffer;
  }
};

}  // namespace clip::inline CLIP_ABI::cpu
