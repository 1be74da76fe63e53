// clip/tensor/rows.hpp: matrices passed between modules, with the width checked at compile time.
#pragma once

#include <clip/core/view.hpp>

namespace clip::inline CLIP_ABI {

/// (rows × Width) values inside the workspace of a context Cx. `node` is the index on the tape (-1: no gradient).
template <class Cx, Index Width>
struct Rows {
  using Context = Cx;
  using T = typename Cx::Scalar;
  static constexpr Index static_width = Width;

  View<T> view{};
  Index node = -1;

  constexpr Rows() = default;
  constexpr Rows(View<T> view_, Index node_ = -1) : view{view_}, node{node_} {}

  /// Converts between a compile-time width and the same width known at run time (Size checks it).
  template <Index Other>
    requires(compatible(Width, Other))
  constexpr Rows(const Rows<Cx, Other>& other) : view{other.view}, node{other.node} {
    (void)Size<Width>{other.view.cols};
  }

  constexpr Index rows() const { return view.rows; }
  constexpr Index cols() const { return view.cols; }
};

/// Rows that are dead after this call and may be overwritten by a sum. Inference writes in place; a tape allocates.
template <class Cx, Index Width>
struct Onto {
  Rows<Cx, Width> rows;
};
template <class Cx, Index Width>
constexpr Onto<Cx, Width> onto(Rows<Cx, Width> x) {
  return {x};
}

}  // namespace clip::inline CLIP_ABI
