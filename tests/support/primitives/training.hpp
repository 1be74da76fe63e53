// tests/support/primitives/training.hpp: cases of optimiser steps and of the sums that guard them.
#pragma once

#include "../lab.hpp"
#include "own_functions.hpp"

#include <limits>

namespace clip::testing {

template <class B>
void add_training(Cases<B>& list) {
  using T = typename B::Scalar;
  using L = Lab<B>;
  list.add("sum_of_squares", [](L& l) { l.number(l.b.sum_of_squares(l.in(l.z.m, l.z.n))); });
  list.add("all_finite", [](L& l) {
    l.number(l.b.all_finite(l.in(l.z.m, l.z.n)) ? 1 : 0);
    for (const double bad : {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
      const auto x = l.inout(l.z.m, l.z.n);
      const Index i = l.z.m * 2 / 3, j = l.z.n * 2 / 3;
      l.b.fill(View<T>{x.row(i) + j, 1, 1}, static_cast<T>(bad));
      l.number(l.b.all_finite(x) ? 1 : 0);
    }
  });
  list.add("clamp", [](L& l) { l.b.clamp(l.inout(l.z.m, l.z.n), -0.3, 0.6); });
  list.add("blend", [](L& l) {
    const auto x = l.in(l.z.m, l.z.n);
    l.b.blend(0.9, 0.1, x, l.inout(l.z.m, l.z.n));
  });
  list.add("blend with nothing of itself", [](L& l) {
    const auto x = l.inout(l.z.m, l.z.n);
    l.b.blend(0.37, 0, In<T>{x}, x);
  });
  list.add("adamw", [](L& l) {
    const auto g = l.in(l.z.m, l.z.n);
    const auto p = l.inout(l.z.m, l.z.n), m = l.inout(l.z.m, l.z.n), v = l.inout(l.z.m, l.z.n);
    l.b.map(Square{}, In<T>{v}, v);
    l.b.adamw(p, g, m, v, {1e-2, 0.9, 0.98, 1e-6, 0.2, 1 - 0.9, 1 - 0.98});
  });
  for (const bool first : {true, false})
    list.add(first ? "sgd, first step" : "sgd", [first](L& l) {
      const auto g = l.in(l.z.m, l.z.n);
      const auto p = l.inout(l.z.m, l.z.n);
      l.b.sgd(p, g, l.inout(l.z.m, l.z.n), {1e-2, 0.9, 0.1, first});
    });
}

}  // namespace clip::testing
