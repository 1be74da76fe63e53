// clip/core/size.hpp: compile-time and run-time extents behind one type.
#pragma once

#include <clip/core/error.hpp>

#include <cstddef>
#include <type_traits>

namespace clip::inline CLIP_ABI {

/// Signed, because extents and positions are subtracted as often as added.
using Index = std::ptrdiff_t;

/// Extent known only at run time (compare Eigen's Dynamic and std::dynamic_extent).
inline constexpr Index dyn = -1;

/// An extent. `Size<768>` is empty and converts to 768; `Size<dyn>` stores its value.
template <Index N>
struct Size {
  static_assert(N >= 0, "Size: an extent is not negative");
  constexpr Size() = default;
  constexpr Size(Index n) {
    if (n != N) raise(ShapeError{"size", "extent fixed in the type", N, n});
  }
  constexpr operator Index() const { return N; }
};

template <>
struct Size<dyn> {
  constexpr Size() = default;
  constexpr Size(Index n) : value{n} {
    if (n < 0) raise(ShapeError{"size", "extent", "0 or more", n});
  }
  constexpr operator Index() const { return value; }
  Index value = 0;
};

/// A derived extent: f(n…), or dyn if any input is dyn.   `sized([](Index w) { return 4 * w; }, C.width)`
template <class F, class... N>
constexpr Index sized(F f, N... n) {
  return ((n == dyn) || ...) ? dyn : f(n...);
}

/// False if both extents are known and differ. For static_assert on widths.
constexpr bool compatible(Index a, Index b) { return a == dyn || b == dyn || a == b; }

/// The configuration C of a module: an empty type if C fixes every size, otherwise it stores the values. Types use
/// `C.x`; values use `config->x`.
template <auto C>
struct Known {
  using Config = std::remove_cvref_t<decltype(C)>;
  constexpr Known() = default;
  constexpr Known(const Config&) {}
  constexpr const Config* operator->() const { return &C; }
  constexpr const Config& operator*() const { return C; }
};

template <auto C>
  requires(!C.fixed())
struct Known<C> {
  using Config = std::remove_cvref_t<decltype(C)>;
  constexpr Known() = default;
  constexpr Known(const Config& values) : values_{values} {}
  constexpr const Config* operator->() const { return &values_; }
  constexpr const Config& operator*() const { return values_; }

 private:
  Config values_ = C;
};

}  // namespace clip::inline CLIP_ABI
