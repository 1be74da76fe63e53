// tests/support/primitives/products.hpp: cases of pointwise primitives and of products.
#pragma once

#include "../lab.hpp"

#include <string>

namespace clip::testing {

/// A user's activation that takes plain numbers only.
struct Shrink {
  CLIP_HOST_DEVICE float operator()(float x) const { return x > 0.5f ? x - 0.5f : 0.0f; }
  CLIP_HOST_DEVICE double operator()(double x) const { return x > 0.5 ? x - 0.5 : 0.0; }
  CLIP_HOST_DEVICE float slope(float x) const { return x > 0.5f ? 1.0f : 0.0f; }
  CLIP_HOST_DEVICE double slope(double x) const { return x > 0.5 ? 1.0 : 0.0; }
};

template <class B>
void add_pointwise(Cases<B>& list) {
  using T = typename B::Scalar;
  using L = Lab<B>;
  list.add("fill", [](L& l) { l.b.fill(l.out(l.z.m, l.z.n), T(1.5)); });
  list.add("add", [](L& l) { l.b.add(l.in(l.z.m, l.z.n), l.target(l.z.m, l.z.n)); });
  const auto pointwise = [&](auto f, const std::string& name) {
    list.add("map " + name, [f](L& l) { l.b.map(f, l.in(l.z.m, l.z.n, 2), l.out(l.z.m, l.z.n)); });
    list.add("map_slope " + name, [f](L& l) {
      const auto x = l.in(l.z.m, l.z.n, 2), dy = l.in(l.z.m, l.z.n);
      l.b.map_slope(f, x, dy, l.target(l.z.m, l.z.n));
    });
  };
  pointwise(fn::Identity{}, "identity");
  pointwise(fn::QuickGelu{}, "quick_gelu");
  pointwise(fn::Gelu{}, "gelu");
  pointwise(fn::GeluTanh{}, "gelu_tanh");
  pointwise(fn::Relu{}, "relu");
  pointwise(Shrink{}, "of plain numbers");
  list.add("exp_scale", [](L& l) {
    const auto s = l.in(1, 1), x = l.in(l.z.m, l.z.n);
    l.b.exp_scale(s, x, l.target(l.z.m, l.z.n));
  });
  list.add("dot", [](L& l) {
    const auto x = l.in(l.z.m, l.z.n), y = l.in(l.z.m, l.z.n);
    l.b.dot(x, y, l.target(1, 1));
  });
}

template <class B>
void add_products(Cases<B>& list) {
  using T = typename B::Scalar;
  using L = Lab<B>;
  const auto product = [&](auto f, const std::string& name) {
    const auto epilogue = [f](L& l) {
      Epilogue<T, decltype(f)> e{};
      e.activation = f;
      if (l.z.optional) {
        e.bias = l.in(1, l.z.n);
        e.before = l.out(l.z.m, l.z.n);
        e.residual = l.in(l.z.m, l.z.n);
      }
      return e;
    };
    list.add("linear " + name + ", scaled, with a shortcut", [f](L& l) {
      const auto x = l.in(l.z.m, l.z.k), w = l.in(l.z.n, l.z.k);
      const auto e = folded_epilogue(l, f, l.z.m);
      l.b.linear(x, Weights<T>{w}, e, l.out(l.z.m, l.z.n));
    });
    list.add("project " + name + ", scaled", [](L& l) {
      const auto x = l.in(l.z.m, l.z.k), w = l.in(l.z.k, l.z.n);
      Epilogue<T, decltype(f)> e{};
      e.scale = l.in(1, l.z.n);
      l.b.project(x, Weights<T>{w}, e, l.out(l.z.m, l.z.n));
    });
    list.add("linear " + name, [epilogue](L& l) {
      const auto x = l.in(l.z.m, l.z.k), w = l.in(l.z.n, l.z.k);
      const auto e = epilogue(l);
      l.b.linear(x, Weights<T>{w}, e, l.out(l.z.m, l.z.n));
    });
    list.add("project " + name, [epilogue](L& l) {
      const auto x = l.in(l.z.m, l.z.k), w = l.in(l.z.k, l.z.n);
      const auto e = epilogue(l);
      l.b.project(x, Weights<T>{w}, e, l.out(l.z.m, l.z.n));
    });
  };
  product(fn::Identity{}, "identity");
  product(fn::QuickGelu{}, "quick_gelu");
  for (const bool onto : {true, false})
    for (const bool normed : {true, false})
      for (const bool scaled : {true, false}) {
        const std::string form =
            std::string(normed ? "" : ", no norm") + (scaled ? ", scaled" : "") + (onto ? ", onto its rows" : "");
        list.add("feed_forward" + form, [=](L& l) {
          const auto x = l.inout(l.z.m, l.z.k);
          const auto row = [&](bool there, Index n) { return there ? l.in(1, n) : In<T>{}; };
          const auto gain = row(normed, l.z.k), bias = row(normed, l.z.k), b1 = l.in(1, l.z.n), b2 = l.in(1, l.z.k),
                     w1 = l.in(l.z.n, l.z.k), w2 = l.in(l.z.k, l.z.n), scale = row(scaled, l.z.k);
          const FeedForward<T> mlp{gain, bias, 1e-5, Weights<T>{w1}, b1, Weights<T>{w2}, b2, scale, In<T>{x}};
          l.b.feed_forward(In<T>{x}, mlp, fn::QuickGelu{}, l.scratch(l.z.m, l.z.k), l.scratch(l.z.m, l.z.n),
                           onto ? x : l.out(l.z.m, l.z.k));
        });
      }
  list.add("linear onto its residual", [](L& l) {
    const auto x = l.in(l.z.m, l.z.k), w = l.in(l.z.n, l.z.k);
    Epilogue<T> e{};
    const auto y = l.inout(l.z.m, l.z.n);
    e.residual = y;
    l.b.linear(x, Weights<T>{w}, e, y);
  });
  list.add("outer", [](L& l) {
    const auto x = l.in(l.z.m, l.z.n), y = l.in(l.z.m, l.z.k);
    l.b.outer(x, y, l.target(l.z.n, l.z.k));
  });
  list.add("column_sum", [](L& l) { l.b.column_sum(l.in(l.z.m, l.z.n), l.target(1, l.z.n)); });
}

}  // namespace clip::testing
