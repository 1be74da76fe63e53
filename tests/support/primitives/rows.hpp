// tests/support/primitives/rows.hpp: cases of norms, tables and patches.
#pragma once

#include "../lab.hpp"

namespace clip::testing {

template <class B>
void add_norms(Cases<B>& list) {
  using T = typename B::Scalar;
  using L = Lab<B>;
  list.add("layer_norm", [](L& l) {
    const auto x = l.in(l.z.m, l.z.n), gain = l.in(1, l.z.n), bias = l.in(1, l.z.n);
    l.b.layer_norm(x, gain, bias, 1e-5, l.out(l.z.m, l.z.n), l.z.optional ? l.out(l.z.m, 2) : Saved<T>{});
  });
  list.add("layer_norm_backward", [](L& l) {
    const auto x = l.in(l.z.m, l.z.n), gain = l.in(1, l.z.n), saved = l.positive(l.z.m, 2), dy = l.in(l.z.m, l.z.n);
    const auto dx = l.target(l.z.m, l.z.n);
    l.b.layer_norm_backward(x, gain, saved, dy, dx, l.z.optional ? l.target(1, l.z.n) : Acc<T>{},
                            l.z.optional ? l.target(1, l.z.n) : Acc<T>{});
  });
  list.add("layer_norm_backward, parameters only", [](L& l) {
    const auto x = l.in(l.z.m, l.z.n), gain = l.in(1, l.z.n), saved = l.positive(l.z.m, 2), dy = l.in(l.z.m, l.z.n);
    const auto dgain = l.target(1, l.z.n);
    l.b.layer_norm_backward(x, gain, saved, dy, {}, dgain, l.z.optional ? l.target(1, l.z.n) : Acc<T>{});
  });
  list.add("normalize", [](L& l) {
    const auto x = l.in(l.z.m, l.z.n);
    l.b.normalize(x, l.out(l.z.m, l.z.n), l.z.optional ? l.out(l.z.m, 1) : Saved<T>{});
  });
  list.add("normalize_backward", [](L& l) {
    const auto x = l.in(l.z.m, l.z.n), saved = l.positive(l.z.m, 1), dy = l.in(l.z.m, l.z.n);
    l.b.normalize_backward(x, saved, dy, l.target(l.z.m, l.z.n));
  });
}

template <class B>
void add_tables(Cases<B>& list) {
  using L = Lab<B>;
  list.add("gather", [](L& l) {
    const auto table = l.in(l.z.k, l.z.n);
    l.b.gather(table, l.ids(l.z.m, l.z.k), l.target(l.z.m, l.z.n));
  });
  list.add("scatter_add", [](L& l) {
    const auto x = l.in(l.z.m, l.z.n);
    l.b.scatter_add(x, l.ids(l.z.m, l.z.k), l.target(l.z.k, l.z.n));
  });
  list.add("patches", [](L& l) {
    const Index patch = 1 + l.z.n % 5, grid = 1 + l.z.k % 4, size = patch * grid;
    const auto x = l.in(l.z.m, 3 * size * size);
    l.b.patches(x, 3, size, patch, l.out(l.z.m * grid * grid, 3 * patch * patch));
  });
  list.add("patches_backward", [](L& l) {
    const Index patch = 1 + l.z.n % 5, grid = 1 + l.z.k % 4, size = patch * grid;
    const auto dy = l.in(l.z.m * grid * grid, 3 * patch * patch);
    l.b.patches_backward(dy, 3, size, patch, l.target(l.z.m, 3 * size * size));
  });
}

}  // namespace clip::testing
