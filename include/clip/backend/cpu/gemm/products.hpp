// clip/backend/cpu/gemm/products.hpp: primitives linear and project, packing and unpacking of weights.
#pragma once

#include <clip/backend/cpu/gemm/multiply.hpp>
#include <clip/backend/cpu/weights/transposed.hpp>

#include <cstddef>

namespace clip::inline CLIP_ABI::cpu {

template <class T, class Self>
struct ProductPrimitives {
  /// y = residual + f(scale ⊙ (x wᵀ) + bias + shortcut)
  template <class F>
  void linear(In<T> x, Weights<T> w, const Epilogue<T, F>& epilogue, Out<T> y) {
    if (is_packed_transposed(w, Use::linear)) return multiply_transposed(x, w, epilogue, y);
    multiply(self().workers(), self().arithmetic(), DirectRows<T>{x}, Use::linear, 1, w, epilogue, y);
  }

  /// y = residual + f(scale ⊙ (x p) + bias + shortcut)
  template <class F>
  void project(In<T> x, Weights<T> p, const Epilogue<T, F>& epilogue, Out<T> y) {
    if (is_packed_transposed(p, Use::project)) return multiply_transposed(x, p, epilogue, y);
    multiply(self().workers(), self().arithmetic(), DirectRows<T>{x}, Use::project, 1, p, epilogue, y);
  }

  /// Bytes of a packed weight of n outputs and k inputs.
  static constexpr std::size_t packed_bytes(Layout layout, Index n, Index k) {
    return static_cast<std::size_t>(ceil_div(n, panel_width<T>) * panel_bytes<T>(layout, k));
  }

  /// Packs w, a weight in rows as `use` reads it:
  ///   (n, k) for `linear`, (k, n) for `project`, (n, channels · window²) for `convolution`
  void pack(Use use, Index window, In<T> w, Layout layout, std::byte* to) {
    const UnpackedWeight<T> rows{use, w, use == Use::project ? w.cols : w.rows, window * window};
    const Index k = rows.depth();
    parallel_panels(rows.n, k, [&](Index p, T* panel) {
      rows.pack(p, 0, k, panel);
      quantise_panel(layout, panel, k, to + p * panel_bytes<T>(layout, k));
    });
  }

  /// Unpacks w: the values its products compute with, as T.
  void unpack(Use use, Index window, const std::byte* from, Layout layout, View<T> w) {
    const Index n = use == Use::project ? w.cols : w.rows, k = use == Use::project ? w.rows : w.cols;
    parallel_panels(n, k, [&](Index p, T* panel) {
      dequantise_panel(layout, from + p * panel_bytes<T>(layout, k), 0, k, panel);
      unpack_panel(use, panel, window * window, p, w);
    });
  }

 private:
  /// f(p, buffer) for the panels of n outputs and k inputs; `buffer` holds one panel as T.
  template <class F>
  void parallel_panels(Index n, Index k, F&& f) {
    ParallelRegion region{self().workers()};
    region.parallel<T>(ceil_div(n, panel_width<T>), panel_width<T> * k, f);
  }

  template <class F>
  void multiply_transposed(In<T> x, const Weights<T>& w, const Epilogue<T, F>& epilogue, Out<T> y) {
    if (y.count() == 0) return;
    const DirectRows<T> rows{x};
    const Product<FmaDot<T>, T, F, DirectRows<T>> product{rows, epilogue, y};
    product.multiply_unpacked(self().workers(), [&](Index q, Index begin, Index end, T* to) {
      transpose_panel(w, begin, end, y.cols, q, to);
    });
  }

  Self& self() { return static_cast<Self&>(*this); }
};

}  // namespace clip::inline CLIP_ABI::cpu
