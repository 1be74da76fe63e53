// clip/nn/convolution.hpp: 2-D convolution with a square kernel and without bias, over rows of pixels.
#pragma once

#include <clip/ops/folded_convolution.hpp>

namespace clip::inline CLIP_ABI {

/// y = x * weight, padded so that only the stride changes the grid.
///   x : (pixels of `grid`, In), weight : (Out, In, Kernel, Kernel), y : (pixels of over(grid), Out)
template <Backend B, Index In, Index Out, Index Kernel>
struct Convolution {
  static_assert(Kernel % 2 == 1, "convolution: the kernel size is odd");
  using T = typename B::Scalar;
  static constexpr Index taps = Kernel * Kernel;
  [[no_unique_address]] Size<In> in{};
  [[no_unique_address]] Size<Out> out{};
  Index stride = 1;
  Parameter<T> weight{{out, in, Kernel, Kernel}, fan_in(Index{in} * taps), Use::convolution};

  static constexpr void members(auto& self, auto&& visit) { visit("weight", self.weight); }

  constexpr Window window() const { return {Kernel, stride, Kernel / 2}; }
  constexpr Grid over(Grid grid) const { return window().over(grid); }

  template <class Cx, Index W>
  Rows<Cx, Out> operator()(Cx& cx, Rows<Cx, W> x, Grid grid) const {
    check(x);
    return convolution(cx, x, grid, window(), out, weight);
  }

  /// f(scale ⊙ (x * weight) + shift + shortcut), in one pass. Inference only.          norm : (2, Out) = scale, shift
  template <class F, class Cx, Index W, class Shortcut>
  Rows<Cx, Out> folded(Cx& cx, F, Rows<Cx, W> x, Grid grid, Rows<Cx, Out> norm, const Shortcut& shortcut) const {
    check(x);
    return folded_convolution<F>(cx, x, grid, window(), out, weight, norm, shortcut);
  }

 private:
  template <class Cx, Index W>
  void check([[maybe_unused]] const Rows<Cx, W>& x) const {
    static_assert(compatible(W, In), "convolution: input width differs from the layer's");
    if constexpr (W == dyn || In == dyn)
      if (x.cols() != in) raise(ShapeError{"convolution", "input width", Index{in}, x.cols()});
  }
};

}  // namespace clip::inline CLIP_ABI
