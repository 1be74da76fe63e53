// clip/tensor/rows.hpp: what modules pass to each other: rows whose width the compiler checks.
#pragma once

#include <clip/core/view.hpp>

namespace clip::inline CLIP_ABI {

/// (rows × Width) values inside the workspace of a context Cx. `node` is its place on a tape (-1: no gradient flows here).
template <class Cx, Index Width>
struct Rows {
  using Context = Cx;
  using T = typename Cx::Scalar;
  static constexpr Index static_width = Width;

  View<T> view{};
  Index node = -1;

  constexpr Rows() = default;
  constexpr Rows(View<T> view_, Index node_ = -1) : view{view_}, node{node_} {}

  /// Between a width in the type and the same width known at run time (checked by Size).
  template <Index Other>
    requires(compatible(Width, Other))
  constexpr Rows(const Rows<Cx, Other>& other) : view{other.view}, node{other.node} {
    (void)Size<Width>{other.view.cols};
  }

  constexpr Index rows() const { return view.rows; }
  constexpr Index cols() const { return view.cols; }
};

/// Rows nobody reads afterwards: a sum may take their place. A pass that keeps nothing writes it there, a tape beside them.
template <class Cx, Index Width>
struct Onto {
  Rows<Cx, Width> rows;
};
template <class Cx, Index Width>
constexpr Onto<Cx, Width> onto(Rows<Cx, Width> x) {
  return {x};
}

}  // namespace clip::inline CLIP_ABI
