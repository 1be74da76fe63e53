// clip/backend/cpu/weights/transposed.hpp: transposition of packed weights for backward products.
#pragma once

#include <clip/backend/cpu/weights/panels.hpp>
#include <clip/backend/cpu/weights/quantised.hpp>

#include <algorithm>
#include <cstddef>

namespace clip::inline CLIP_ABI::cpu {

/// Whether a weight is packed for the transposed product: a gradient that flows back through a packed model meets such
/// weights.
template <class T>
bool is_packed_transposed(const Weights<T>& w, Use use) {
  return w.layout == CpuLayout::panels && w.use != Use::other && w.use != use;
}

/// Packs panel q of the transpose of a packed weight (or of a slice of it). The transposed product sums over outputs
/// [begin, end) of the weight and yields its `inputs`; the panel is (end - begin, panel_width). Layouts other than
/// CpuLayout::panels are dequantised in `buffer`, of panel_width².
template <class T>
void transpose_panel(const Weights<T>& w, Index begin, Index end, Index inputs, Index q, T* to, T* buffer = nullptr) {
  constexpr Index width = panel_width<T>;
  const Index from = q * width, count = std::min(width, inputs - from), bytes = panel_bytes<T>(w.layout, inputs);
  for (Index j = begin; j < end;) {
    const Index output = w.first + j, lane = output % width;
    const std::byte* const panel = reinterpret_cast<const std::byte*>(w.data) + output / width * bytes;
    const T *block = buffer, *next = buffer;
    if (w.layout == CpuLayout::panels) {
      block = reinterpret_cast<const T*>(panel) + from * width;
      next = block + inputs * width;
    } else {
      dequantise_panel(w.layout, panel, from, from + count, buffer);
    }
    const Index n = std::min(width - lane, end - j);
    const auto row = [&](Index i) { return block + i * width + lane; };
    pack_rows<T>(count, n, row, to, [&](Index i, Index k) { return next + i * width + k; });
    j += n;
    to += n * width;
  }
}

}  // namespace clip::inline CLIP_ABI::cpu
