// clip/backend/cpu/gemm/products.hpp: products of rows with weights in any layout, and how weights come into it.
#pragma once

#include <clip/backend/cpu/gemm/product.hpp>
#include <clip/backend/cpu/handle.hpp>
#include <clip/backend/cpu/weights/quantised.hpp>

#include <algorithm>
#include <cstddef>
#include <type_traits>

namespace clip::inline CLIP_ABI {

namespace detail {

/// Whether products of T are computed in steps of K where the weights' layout asks for them.
template <class K, class T>
inline constexpr bool takes = K::native&& std::is_same_v<T, float>;

/// Whether a weight in this layout is multiplied in steps of several values.
template <class T>
constexpr bool in_steps(Layout layout) {
  return (takes<Pairs, T> && layout == CpuLayout::bfloat16_panels) ||
         (takes<Quads, T> && layout == CpuLayout::int8_panels);
}

/// Panel p of a weight of n outputs and k inputs in any layout as T: where it lies, or written to `room`.
template <class T>
const T* panel_of(Use use, const Weights<T>& w, Index n, Index k, Index area, Index p, T* room) {
  if (w.layout == CpuLayout::panels) return w.data + p * panel_width<T> * k;
  if (w.layout == Layout::rows) InRows<T>{use, w, n, area}.write(p, 0, k, room);
  else widen_panel(w.layout, reinterpret_cast<const std::byte*>(w.data) + p * panel_bytes<T>(w.layout, k), 0, k, room);
  return room;
}

/// The product of rows with a weight in any layout; `use` says how one in rows is read, windows have `area` pixels.
template <class T, class F, class Source>
void multiply(Crew& crew, Arithmetic arithmetic, const Source& x, Use use, Index area, const Weights<T>& w,
              const Epilogue<T, F>& epilogue, const Out<T>& y) {
  if (y.count() == 0) return;
  const Product<Singles<T>, T, F, Source> plain{x, epilogue, y, w.first};
  const InRows<T> rows{use, w, y.cols, area};
  const std::byte* const panels = reinterpret_cast<const std::byte*>(w.data);
  if (w.layout == CpuLayout::panels) return plain.packed(crew, w.data);
  if constexpr (takes<Pairs, T>) {
    const Product<Pairs, T, F, Source> pairs{x, epilogue, y, w.first};
    if (w.layout == CpuLayout::bfloat16_panels) return pairs.packed(crew, w.data);
    if (w.layout == Layout::rows && arithmetic == Arithmetic::bfloat16)
      return pairs.packing(crew, [&](Index p, Index begin, Index end, T* to) {
        rows.write(p, begin, end, to), narrow_to_pairs(to, end - begin, reinterpret_cast<std::byte*>(to));
      });
  }
  if constexpr (takes<Quads, T>)
    if (w.layout == CpuLayout::int8_panels)
      return Product<Quads, T, F, Source>{x, epilogue, y, w.first}.packed(crew, w.data);
  if (w.layout == Layout::rows)
    return plain.packing(crew, [&](Index p, Index begin, Index end, T* to) { rows.write(p, begin, end, to); });
  plain.packing(crew, [&](Index p, Index begin, Index end, T* to) {
    widen_panel(w.layout, panels + p * panel_bytes<T>(w.layout, x.cols()), begin, end, to);
  });
}

/// Whether a weight lies in panels for the transposed product: what a gradient meets on its way back through a packed model.
template <class T>
bool lies_turned(const Weights<T>& w, Use use) {
  return w.layout == CpuLayout::panels && w.use != Use::other && w.use != use;
}

/// Outputs [begin, end) of a weight in panels for the transposed product (of a slice), which this one sums over, for panel q of its
/// `inputs`, which come out: (end - begin, panel_width). Layouts other than CpuLayout::panels are widened in `room`, of panel_width².
template <class T>
void turn_panel(const Weights<T>& w, Index begin, Index end, Index inputs, Index q, T* to, T* room = nullptr) {
  constexpr Index width = panel_width<T>;
  const Index from = q * width, some = std::min(width, inputs - from), one = panel_bytes<T>(w.layout, inputs);
  for (Index j = begin, n = 0; j < end; j += n, to += n * width) {
    const Index output = w.first + j, lane = output % width;
    const std::byte* const panel = reinterpret_cast<const std::byte*>(w.data) + output / width * one;
    const T *block = room, *next = room;
    if (w.layout == CpuLayout::panels)
      block = reinterpret_cast<const T*>(panel) + from * width, next = block + inputs * width;
    else widen_panel(w.layout, panel, from, from + some, room);
    n = std::min(width - lane, end - j);
    pack_across<T>(
        some, n, [&](Index i) { return block + i * width + lane; }, to,
        [&](Index i, Index k) { return next + i * width + k; });
  }
}

}  // namespace detail

template <class T, class Self>
struct CpuProducts {
  /// y = residual + f(scale ⊙ (x wᵀ) + bias + shortcut)
  template <class F>
  void linear(In<T> x, Weights<T> w, const Epilogue<T, F>& epilogue, Out<T> y) {
    if (detail::lies_turned(w, Use::linear)) return turned(x, w, epilogue, y);
    detail::multiply(self().crew(), self().arithmetic(), detail::RowsAsTheyLie<T>{x}, Use::linear, 1, w, epilogue, y);
  }

  /// y = residual + f(scale ⊙ (x p) + bias + shortcut)
  template <class F>
  void project(In<T> x, Weights<T> p, const Epilogue<T, F>& epilogue, Out<T> y) {
    if (detail::lies_turned(p, Use::project)) return turned(x, p, epilogue, y);
    detail::multiply(self().crew(), self().arithmetic(), detail::RowsAsTheyLie<T>{x}, Use::project, 1, p, epilogue, y);
  }

  /// Bytes a weight of n outputs and k inputs takes in panels.
  static constexpr std::size_t packed_bytes(Layout layout, Index n, Index k) {
    return static_cast<std::size_t>(pieces(n, panel_width<T>) * detail::panel_bytes<T>(layout, k));
  }

  /// Panels of w, a weight in rows as `use` reads it: (n, k), (k, n) for `project`, (n, channels · window²) for `convolution`.
  void pack(Use use, Index window, In<T> w, Layout layout, std::byte* to) {
    const detail::InRows<T> rows{use, w, use == Use::project ? w.cols : w.rows, window * window};
    const Index k = rows.depth();
    each_panel(rows.n, k, [&](Index p, T* panel) {
      rows.write(p, 0, k, panel);
      detail::narrow_panel(layout, panel, k, to + p * detail::panel_bytes<T>(layout, k));
    });
  }

  /// w back from its panels: the values the products stand for.
  void unpack(Use use, Index window, const std::byte* from, Layout layout, View<T> w) {
    const Index n = use == Use::project ? w.cols : w.rows, k = use == Use::project ? w.rows : w.cols;
    each_panel(n, k, [&](Index p, T* panel) {
      detail::widen_panel(layout, from + p * detail::panel_bytes<T>(layout, k), 0, k, panel);
      detail::read_panel(use, panel, window * window, p, w);
    });
  }

 private:
  /// f(p, panel) for the panels of n outputs and k inputs, `panel` being room for one as T.
  template <class F>
  void each_panel(Index n, Index k, F&& f) {
    Crew::Shift shift{self().crew()};
    shift.parallel<T>(pieces(n, panel_width<T>), panel_width<T> * k, f);
  }

  template <class F>
  void turned(In<T> x, const Weights<T>& w, const Epilogue<T, F>& epilogue, Out<T> y) {
    if (y.count() == 0) return;
    const detail::RowsAsTheyLie<T> rows{x};
    const detail::Product<detail::Singles<T>, T, F, detail::RowsAsTheyLie<T>> product{rows, epilogue, y};
    product.packing(self().crew(),
                    [&](Index q, Index begin, Index end, T* to) { detail::turn_panel(w, begin, end, y.cols, q, to); });
  }

  Self& self() { return static_cast<Self&>(*this); }
};

}  // namespace clip::inline CLIP_ABI
