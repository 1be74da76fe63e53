// clip/backend/cpu/products.hpp: products of rows with weights, in rows or in panels.
#pragma once

#include <clip/backend/cpu/product.hpp>
#include <clip/backend/cpu/widen.hpp>

#include <algorithm>

namespace clip::inline CLIP_ABI {

template <class T, class Self>
struct CpuProducts {
  /// y = residual + f(scale ⊙ (x wᵀ) + bias + shortcut)
  template <class F>
  void linear(In<T> x, Weights<T> w, const Epilogue<T, F>& epilogue, Out<T> y) {
    if (y.count() == 0) return;
    const detail::RowsAsTheyLie<T> rows{x};
    const detail::Product<T, F> product{rows, epilogue, y, w.first};
    if (w.layout == Layout::panels) return product.packed(crew(), w.data);
    if (w.layout != Layout::rows) return product.packing(crew(), detail::widened(w, x.cols));
    product.packing(crew(), [&](Index p, T* to) {
      const Index j = p * panel_width<T>;
      detail::pack_across<T>(
          std::min(panel_width<T>, y.cols - j), x.cols, [&](Index i) { return w.row(j + i); }, to);
    });
  }

  /// y = residual + f(scale ⊙ (x p) + bias + shortcut)
  template <class F>
  void project(In<T> x, Weights<T> p, const Epilogue<T, F>& epilogue, Out<T> y) {
    if (y.count() == 0) return;
    const detail::RowsAsTheyLie<T> rows{x};
    const detail::Product<T, F> product{rows, epilogue, y, p.first};
    if (p.layout == Layout::panels) return product.packed(crew(), p.data);
    if (p.layout != Layout::rows) return product.packing(crew(), detail::widened(p, x.cols));
    product.packing(crew(), [&](Index q, T* to) {
      const Index j = q * panel_width<T>;
      detail::pack_along<T>(std::min(panel_width<T>, y.cols - j), x.cols, p.data + j, p.stride, to);
    });
  }

  /// Values an (n, k) weight takes in Layout::panels.
  static constexpr Index packed_count(Index n, Index k) { return clip::packed_count<T>(n, k); }
  static void pack_linear(const Weights<T>& w, T* panels) { clip::pack_linear(w, panels); }
  static void pack_project(const Weights<T>& p, T* panels) { clip::pack_project(p, panels); }
  static void unpack_linear(const T* panels, View<T> w) { clip::unpack_linear(panels, w); }
  static void unpack_project(const T* panels, View<T> p) { clip::unpack_project(panels, p); }

 private:
  Crew& crew() { return static_cast<Self&>(*this).crew(); }
};

}  // namespace clip::inline CLIP_ABI
