// clip/config/required.hpp: configuration fields without a default value.
#pragma once

#include <clip/core/abi.hpp>

namespace clip::inline CLIP_ABI {

/// A field without a default: omitting it does not compile. Activation and epsilon differ between checkpoints of the
/// same shape, and a wrong one still "works" with worse numbers.
template <class T>
struct Required {
  T value;

  constexpr Required(T v) : value{v} {}
  template <class U = T>
  constexpr Required() : value{} {
    static_assert(sizeof(U) == 0,
                  "config: this field has no default, because checkpoints differ in it: state activation and epsilon");
  }
  constexpr operator T() const { return value; }
  friend constexpr bool operator==(const Required&, const Required&) = default;
};

}  // namespace clip::inline CLIP_ABI
