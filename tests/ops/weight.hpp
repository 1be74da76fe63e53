// tests/ops/weight.hpp: rows and weights of given numbers, for ops called one by one.
#pragma once

#include <clip/tensor/parameter.hpp>
#include <clip/tensor/rows.hpp>

#include "../support/matrix.hpp"

#include <cstdint>

namespace clip::testing {

/// A weight with memory of its own.
template <class B>
struct Weight {
  Matrix<B> memory;
  Parameter<typename B::Scalar> p;
  Weight(Shape shape, const Values& values) : memory{{}, shape.rows(), shape.cols(), values}, p{shape, Init::zeros()} {
    p.data = memory.view().data;
  }
  Values values() const { return memory.values(); }
};

template <class Cx>
Rows<Cx, dyn> rows_of(Cx& cx, Index n, Index width, const Values& values) {
  const auto x = cx.allocate(n, Size<dyn>{width});
  set_values(cx.backend(), x.view, values);
  return x;
}
template <class Cx>
Rows<Cx, dyn> random_rows(Cx& cx, Index n, Index width, std::uint64_t seed = 1) {
  return rows_of(cx, n, width, random_values(Rng{seed}, n * width));
}

template <class Cx, Index W>
Values values_of(Cx& cx, Rows<Cx, W> x) {
  return values_of(cx.backend(), View<const typename Cx::Scalar>{x.view});
}

}  // namespace clip::testing
