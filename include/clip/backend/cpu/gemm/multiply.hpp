// clip/backend/cpu/gemm/multiply.hpp: matrix product with a weight in any layout: choice of kernel.
#pragma once

#include <clip/backend/cpu/gemm/product.hpp>
#include <clip/backend/cpu/handle.hpp>
#include <clip/backend/cpu/simd/int8_dot.hpp>
#include <clip/backend/cpu/simd/widened_fma.hpp>
#include <clip/backend/cpu/weights/panels.hpp>
#include <clip/backend/cpu/weights/quantised.hpp>

#include <cstddef>
#include <type_traits>

namespace clip::inline CLIP_ABI::cpu {

/// Whether this build computes products of T with weights in the layout of Dot by that step.
template <class Dot, class T>
inline constexpr bool has_dot = Dot::native&& std::is_same_v<T, float>;

/// Whether products with weights in this layout quantise their rows.
template <class T>
constexpr bool has_dot_layout(Layout layout) {
  return (has_dot<Bfloat16Dot, T> && layout == CpuLayout::bfloat16_panels) ||
         (has_dot<Int8Dot, T> && layout == CpuLayout::int8_panels);
}

/// Panel p of a weight of n outputs and k inputs in any layout as T: its address if the weight is packed in T,
/// otherwise a copy in `buffer`.
template <class T>
const T* load_panel(Use use, const Weights<T>& w, Index n, Index k, Index area, Index p, T* buffer) {
  if (w.layout == CpuLayout::panels) return w.data + p * panel_width<T> * k;
  if (w.layout == Layout::rows) {
    UnpackedWeight<T>{use, w, n, area}.pack(p, 0, k, buffer);
  } else {
    const std::byte* const panel = reinterpret_cast<const std::byte*>(w.data) + p * panel_bytes<T>(w.layout, k);
    dequantise_panel(w.layout, panel, 0, k, buffer);
  }
  return buffer;
}

/// y = epilogue(x wᵀ). `use` says how a weight in rows is read; the windows of a convolution have `area` pixels.
template <class T, class F, class Source>
void multiply(Workers& workers, Arithmetic arithmetic, const Source& x, Use use, Index area, const Weights<T>& w,
              const Epilogue<T, F>& epilogue, const Out<T>& y) {
  if (y.count() == 0) return;
  const Product<FmaDot<T>, T, F, Source> plain{x, epilogue, y, w.first};
  const UnpackedWeight<T> rows{use, w, y.cols, area};
  const std::byte* const panels = reinterpret_cast<const std::byte*>(w.data);
  if (w.layout == CpuLayout::panels) return plain.multiply_packed(workers, w.data);
  if constexpr (has_dot<Bfloat16Dot, T>) {
    const Product<Bfloat16Dot, T, F, Source> bfloat16{x, epilogue, y, w.first};
    if (w.layout == CpuLayout::bfloat16_panels) return bfloat16.multiply_packed(workers, w.data);
    if (w.layout == Layout::rows && arithmetic == Arithmetic::bfloat16)
      return bfloat16.multiply_unpacked(workers, [&](Index p, Index begin, Index end, T* to) {
        rows.pack(p, begin, end, to);
        quantise_to_bfloat16(to, end - begin, reinterpret_cast<std::byte*>(to));
      });
  }
  if constexpr (has_dot<Int8Dot, T>)
    if (w.layout == CpuLayout::int8_panels)
      return Product<Int8Dot, T, F, Source>{x, epilogue, y, w.first}.multiply_packed(workers, w.data);
  if constexpr (has_dot<Bfloat16Fma, T>)
    if (w.layout == CpuLayout::bfloat16_panels)
      return Product<Bfloat16Fma, T, F, Source>{x, epilogue, y, w.first}.multiply_packed(workers, w.data);
  if constexpr (has_dot<HalfFma, T>)
    if (w.layout == CpuLayout::half_panels)
      return Product<HalfFma, T, F, Source>{x, epilogue, y, w.first}.multiply_packed(workers, w.data);
  if (w.layout == Layout::rows)
    return plain.multiply_unpacked(workers,
                                   [&](Index p, Index begin, Index end, T* to) { rows.pack(p, begin, end, to); });
  plain.multiply_unpacked(workers, [&](Index p, Index begin, Index end, T* to) {
    dequantise_panel(w.layout, panels + p * panel_bytes<T>(w.layout, x.cols()), begin, end, to);
  });
}

}  // namespace clip::inline CLIP_ABI::cpu
