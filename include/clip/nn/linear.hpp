// clip/nn/linear.hpp: linear layer, y = x Wᵀ + b.
#pragma once

#include <clip/ops/linear.hpp>

namespace clip::inline CLIP_ABI {

/// y = x Wᵀ + b          x : (rows, In), weight : (Out, In), bias : (Out), y : (rows, Out)
template <Backend B, Index In, Index Out>
struct Linear {
  using T = typename B::Scalar;
  [[no_unique_address]] Size<In> in{};
  [[no_unique_address]] Size<Out> out{};
  Parameter<T> weight{{out, in}, fan_in(in), Use::linear};
  Parameter<T> bias{{out}, fan_in(in)};

  static constexpr void members(auto& self, auto&& visit) {
    visit("weight", self.weight);
    visit("bias", self.bias);
  }

  template <class Cx, Index W>
  Rows<Cx, Out> operator()(Cx& cx, Rows<Cx, W> x) const {
    check(x);
    return linear(cx, x, out, weight, bias);
  }

  /// f(x Wᵀ + b), in one pass.
  template <class F, class Cx, Index W>
  Rows<Cx, Out> with(Cx& cx, F, Rows<Cx, W> x) const {
    check(x);
    return linear<F>(cx, x, out, weight, bias);
  }

  /// residual + x Wᵀ + b, in one pass.
  template <class Cx, Index W, Index R>
  Rows<Cx, Out> added_to(Cx& cx, Rows<Cx, R> residual, Rows<Cx, W> x) const {
    check(x);
    static_assert(compatible(R, Out), "linear: the residual's width differs from the layer's");
    return linear(cx, x, out, weight, bias, Rows<Cx, Out>{residual});
  }
  template <class Cx, Index W, Index R>
  Rows<Cx, Out> added_to(Cx& cx, Onto<Cx, R> residual, Rows<Cx, W> x) const {
    check(x);
    static_assert(compatible(R, Out), "linear: the residual's width differs from the layer's");
    const Rows<Cx, Out> y{residual.rows};
    return cx.apply_onto(LinearOp<>{}, y, x, weight, bias, y);
  }
  /// Without a residual, for modules that take one from their caller.
  template <class Cx, Index W>
  Rows<Cx, Out> added_to(Cx& cx, Absent, Rows<Cx, W> x) const {
    return (*this)(cx, x);
  }

 private:
  template <class Cx, Index W>
  void check([[maybe_unused]] const Rows<Cx, W>& x) const {
    static_assert(compatible(W, In), "linear: input width differs from the layer's");
    if constexpr (W == dyn || In == dyn)
      if (x.cols() != in) raise(ShapeError{"linear", "input width", Index{in}, x.cols()});
  }
};

}  // namespace clip::inline CLIP_ABI
