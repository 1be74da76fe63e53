// clip/core/size.hpp: extents known to the compiler, or only at run time, from one source.
#pragma once

#include <clip/core/error.hpp>

#include <cstddef>
#include <type_traits>

namespace clip::inline CLIP_ABI {

/// Extents and positions are signed: differences are as common as sums.
using Index = std::ptrdiff_t;

/// "Known only at run time" (the models are Eigen's Dynamic and std::dynamic_extent).
inline constexpr Index dyn = -1;

/// An extent. `Size<768>` is empty and knows it is 768; `Size<dyn>` stores its value.
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

/// A derived extent: f(n…), or dyn as soon as one input is.   `sized([](Index w) { return 4 * w; }, C.width)`
template <class F, class... N>
constexpr Index sized(F f, N... n) {
  return ((n == dyn) || ...) ? dyn : f(n...);
}

/// True unless both are known and differ: what a static_assert on widths asks.
constexpr bool compatible(Index a, Index b) { return a == dyn || b == dyn || a == b; }

/// The configuration C of a module: empty where C fixes every size, the values themselves where some are dyn.
/// Types say `C.x`; values say `config->x`.
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
