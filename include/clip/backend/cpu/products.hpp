// clip/backend/cpu/products.hpp: products of rows with weights in any layout, and how weights come into it.
#pragma once

#include <clip/backend/cpu/product.hpp>
#include <clip/backend/cpu/words.hpp>

#include <algorithm>
#include <cstddef>
#include <type_traits>
#include <vector>

namespace clip::inline CLIP_ABI {

/// What products of rows with weights in rows are computed in. In bfloat16 both sides are rounded to it and summed in float, where
/// the machine has dot products of that type; otherwise, and for double, nothing changes.
enum class Arithmetic : unsigned char { full, bfloat16 };

namespace detail {

/// Whether products of T are computed in steps of K where the weights' layout asks for them.
template <class K, class T>
inline constexpr bool takes = K::native&& std::is_same_v<T, float>;

/// Whether a weight in this layout is multiplied in steps of several values.
template <class T>
constexpr bool in_steps(Layout layout) {
  return (takes<Pairs, T> && layout == Layout::bfloat16_panels) || (takes<Quads, T> && layout == Layout::int8_panels);
}

/// Panel p of a weight of n outputs and k inputs in any layout as T: where it lies, or written to `room`.
template <class T>
const T* panel_of(Use use, const Weights<T>& w, Index n, Index k, Index area, Index p, T* room) {
  if (w.layout == Layout::panels) return w.data + p * panel_width<T> * k;
  if (w.layout == Layout::rows) write_panel<T>(use, w, n, area, p, room);
  else widen_panel(w.layout, reinterpret_cast<const std::byte*>(w.data) + p * panel_bytes<T>(w.layout, k), k, room);
  return room;
}

/// The product of rows with a weight in any layout; write(p, to) packs panel p of one that lies in rows.
template <class T, class F, class Source, class Write>
void multiply(Crew& crew, Arithmetic arithmetic, const Source& x, const Weights<T>& w, const Epilogue<T, F>& epilogue, const Out<T>& y, Write&& write) {
  if (y.count() == 0) return;
  const Product<Singles<T>, T, F, Source> plain{x, epilogue, y, w.first};
  if (w.layout == Layout::panels) return plain.packed(crew, w.data);
  if constexpr (takes<Pairs, T>) {
    const Product<Pairs, T, F, Source> pairs{x, epilogue, y, w.first};
    if (w.layout == Layout::bfloat16_panels) return pairs.packed(crew, w.data);
    if (w.layout == Layout::rows && arithmetic == Arithmetic::bfloat16)
      return pairs.packing(crew, [&](Index p, T* to) { write(p, to), narrow_to_pairs(to, x.cols(), reinterpret_cast<std::byte*>(to)); });
  }
  if constexpr (takes<Quads, T>)
    if (w.layout == Layout::int8_panels) return Product<Quads, T, F, Source>{x, epilogue, y, w.first}.packed(crew, w.data);
  if (w.layout == Layout::rows) return plain.packing(crew, write);
  const std::byte* const panels = reinterpret_cast<const std::byte*>(w.data);
  plain.packing(crew, [&](Index p, T* to) { widen_panel(w.layout, panels + p * panel_bytes<T>(w.layout, x.cols()), x.cols(), to); });
}

}  // namespace detail

template <class T, class Self>
struct CpuProducts {
  /// y = residual + f(scale ⊙ (x wᵀ) + bias + shortcut)
  template <class F>
  void linear(In<T> x, Weights<T> w, const Epilogue<T, F>& epilogue, Out<T> y) {
    detail::multiply(self().crew(), self().arithmetic(), detail::RowsAsTheyLie<T>{x}, w, epilogue, y,
                     [&](Index p, T* to) { detail::write_panel<T>(Use::linear, w, y.cols, 1, p, to); });
  }

  /// y = residual + f(scale ⊙ (x p) + bias + shortcut)
  template <class F>
  void project(In<T> x, Weights<T> p, const Epilogue<T, F>& epilogue, Out<T> y) {
    detail::multiply(self().crew(), self().arithmetic(), detail::RowsAsTheyLie<T>{x}, p, epilogue, y,
                     [&](Index q, T* to) { detail::write_panel<T>(Use::project, p, y.cols, 1, q, to); });
  }

  /// Bytes a weight of n outputs and k inputs takes in panels.
  static constexpr std::size_t packed_bytes(Layout layout, Index n, Index k) {
    return static_cast<std::size_t>(pieces(n, panel_width<T>) * detail::panel_bytes<T>(layout, k));
  }

  /// Panels of w, a weight in rows as `use` reads it: (n, k), (k, n) for `project`, (n, channels · window²) for `convolution`.
  static void pack(Use use, Index window, const View<const T>& w, Layout layout, std::byte* to) {
    const Index n = use == Use::project ? w.cols : w.rows, k = w.count() / std::max<Index>(n, 1);
    std::vector<T> panel(static_cast<std::size_t>(panel_width<T> * k));
    for (Index p = 0; p < pieces(n, panel_width<T>); ++p, to += detail::panel_bytes<T>(layout, k)) {
      detail::write_panel(use, w, n, window * window, p, panel.data());
      detail::narrow_panel(layout, panel.data(), k, to);
    }
  }

  /// w back from its panels: the values the products stand for.
  static void unpack(Use use, Index window, const std::byte* from, Layout layout, View<T> w) {
    const Index n = use == Use::project ? w.cols : w.rows, k = w.count() / std::max<Index>(n, 1);
    std::vector<T> panel(static_cast<std::size_t>(panel_width<T> * k));
    for (Index p = 0; p < pieces(n, panel_width<T>); ++p, from += detail::panel_bytes<T>(layout, k)) {
      detail::widen_panel(layout, from, k, panel.data());
      detail::read_panel(use, panel.data(), window * window, p, w);
    }
  }

 private:
  Self& self() { return static_cast<Self&>(*this); }
};

}  // namespace clip::inline CLIP_ABI
