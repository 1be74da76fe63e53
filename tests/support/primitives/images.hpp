// tests/support/primitives/images.hpp: cases of convolutions, pooling and batch norms.
#pragma once

#include "../lab.hpp"

#include <algorithm>
#include <string>
#include <tuple>

namespace clip::testing {

template <class B>
void add_convolutions(Cases<B>& list) {
  using T = typename B::Scalar;
  using L = Lab<B>;
  for (const Window window : {Window{1, 1, 0}, Window{3, 1, 1}, Window{3, 2, 1}, Window{2, 3, 0}, Window{1, 2, 0}}) {
    const std::string kind = " " + std::to_string(window.size) + ", stride " + std::to_string(window.stride) +
                             ", padding " + std::to_string(window.padding);
    const auto shape = [window](L& l) {
      const Grid grid{1 + l.z.m % 3, 3 + l.z.n % 6, 3 + l.z.m % 9};
      return std::tuple{grid, window.over(grid), std::min<Index>(l.z.k, 150)};
    };
    list.add("convolve" + kind, [=](L& l) {
      const auto [grid, places, k] = shape(l);
      const auto x = l.in(grid.rows(), k), w = l.in(l.z.n, k * window.area());
      l.b.convolve(x, Weights<T>{w}, grid, window, Epilogue<T>{}, l.out(places.rows(), l.z.n));
    });
    list.add("convolve relu, scaled, with a shortcut" + kind, [=](L& l) {
      const auto [grid, places, k] = shape(l);
      const auto x = l.in(grid.rows(), k), w = l.in(l.z.n, k * window.area());
      const auto e = folded_epilogue(l, fn::Relu{}, places.rows());
      l.b.convolve(x, Weights<T>{w}, grid, window, e, l.out(places.rows(), l.z.n));
    });
    list.add("convolve_backward" + kind, [=](L& l) {
      const auto [grid, places, k] = shape(l);
      const auto dy = l.in(places.rows(), l.z.n), w = l.in(l.z.n, k * window.area());
      l.b.convolve_backward(dy, Weights<T>{w}, grid, window, l.target(grid.rows(), k));
    });
    list.add("convolve_outer" + kind, [=](L& l) {
      const auto [grid, places, k] = shape(l);
      const auto dy = l.in(places.rows(), l.z.n), x = l.in(grid.rows(), k);
      l.b.convolve_outer(dy, x, grid, window, l.target(l.z.n, k * window.area()));
    });
  }
  for (const Index k : {Index{2}, Index{3}}) {
    const auto shape = [](L& l) { return Grid{1 + l.z.m / 16, 3 + l.z.k % 6, 4 + l.z.m % 5}; };
    list.add("average_pool " + std::to_string(k), [=](L& l) {
      const Grid grid = shape(l);
      const auto x = l.in(grid.rows(), l.z.n);
      l.b.average_pool(x, grid, k, l.out(Window{k, k, 0}.over(grid).rows(), l.z.n));
    });
    list.add("average_pool_backward " + std::to_string(k), [=](L& l) {
      const Grid grid = shape(l);
      const auto dy = l.in(Window{k, k, 0}.over(grid).rows(), l.z.n);
      l.b.average_pool_backward(dy, grid, k, l.target(grid.rows(), l.z.n));
    });
  }
  for (const Window window : {Window{3, 2, 1}, Window{2, 1, 0}, Window{5, 3, 2}}) {
    const auto shape = [](L& l) { return Grid{1 + l.z.m / 16, 3 + l.z.k % 6, 4 + l.z.m % 5}; };
    const std::string kind = " " + std::to_string(window.size) + ", stride " + std::to_string(window.stride);
    list.add("max_pool" + kind, [=](L& l) {
      const Grid grid = shape(l);
      const auto x = l.in(grid.rows(), l.z.n);
      l.b.max_pool(x, grid, window, l.out(window.over(grid).rows(), l.z.n));
    });
    list.add("max_pool_backward" + kind, [=](L& l) {
      const Grid grid = shape(l);
      const auto x = l.in(grid.rows(), l.z.n), dy = l.in(window.over(grid).rows(), l.z.n);
      l.b.max_pool_backward(x, dy, grid, window, l.target(grid.rows(), l.z.n));
    });
  }
  list.add("channels_last", [](L& l) {
    const auto x = l.in(l.z.m, 3 * l.z.n);
    l.b.channels_last(x, 3, l.out(l.z.m * l.z.n, 3));
  });
  list.add("channels_last_backward", [](L& l) {
    const auto dy = l.in(l.z.m * l.z.n, 5);
    l.b.channels_last_backward(dy, 5, l.target(l.z.m, 5 * l.z.n));
  });
}

template <class B>
void add_depthwise(Cases<B>& list) {
  using L = Lab<B>;
  for (const CentredWindow window : {CentredWindow{1, 1}, CentredWindow{3, 3}, CentredWindow{3, 3, 2},
                                     CentredWindow{7, 7}, CentredWindow{7, 7, 2}, CentredWindow{1, 11}})
    for (const Index multiplier : {Index{1}, Index{2}}) {
      const std::string kind = " " + std::to_string(window.height) + " x " + std::to_string(window.width) +
                               ", stride " + std::to_string(window.stride) +
                               (multiplier == 1 ? "" : ", two outputs per channel");
      const auto shape = [=](L& l) {
        const Grid grid{1 + l.z.m % 3, 1 + l.z.n % 9, 2 + l.z.m % 23};
        return std::tuple{grid, window.over(grid), multiplier == 1 ? l.z.n : (l.z.n + 1) / 2};
      };
      list.add("depthwise" + kind, [=](L& l) {
        const auto [grid, places, k] = shape(l);
        const auto x = l.in(grid.rows(), k), w = l.in(k * multiplier, window.area());
        l.b.depthwise(x, w, grid, window, Epilogue<typename B::Scalar>{}, l.out(places.rows(), k * multiplier));
      });
      if (multiplier == 1)
        list.add("depthwise relu, scaled, with a shortcut" + kind, [=](L& l) {
          const auto [grid, places, k] = shape(l);
          const auto x = l.in(grid.rows(), k), w = l.in(k, window.area());
          const auto e = folded_epilogue(l, fn::Relu{}, places.rows());
          l.b.depthwise(x, w, grid, window, e, l.out(places.rows(), k));
        });
      list.add("depthwise_backward" + kind, [=](L& l) {
        const auto [grid, places, k] = shape(l);
        const auto dy = l.in(places.rows(), k * multiplier), w = l.in(k * multiplier, window.area());
        l.b.depthwise_backward(dy, w, grid, window, l.target(grid.rows(), k));
      });
      list.add("depthwise_outer" + kind, [=](L& l) {
        const auto [grid, places, k] = shape(l);
        const auto dy = l.in(places.rows(), k * multiplier), x = l.in(grid.rows(), k);
        l.b.depthwise_outer(dy, x, grid, window, l.target(k * multiplier, window.area()));
      });
    }
  for (const bool one : {true, false}) {
    const std::string kind = one ? ", one for all rows" : ", one for each group of rows";
    list.add("gate" + kind, [=](L& l) {
      const Index gates = one ? 1 : l.z.m;
      const auto x = l.in(l.z.m * 3, l.z.n), s = l.in(gates, l.z.n);
      const auto residual = l.z.optional ? l.in(l.z.m * 3, l.z.n) : In<typename B::Scalar>{};
      l.b.gate(x, s, residual, l.out(l.z.m * 3, l.z.n));
    });
    list.add("gate_backward" + kind, [=](L& l) {
      const Index gates = one ? 1 : l.z.m;
      const auto x = l.in(l.z.m * 3, l.z.n), s = l.in(gates, l.z.n), dy = l.in(l.z.m * 3, l.z.n);
      const auto dx = l.target(l.z.m * 3, l.z.n);
      l.b.gate_backward(x, s, dy, dx, l.z.optional ? l.target(gates, l.z.n) : Acc<typename B::Scalar>{});
    });
  }
}

template <class B>
void add_batch_norms(Cases<B>& list) {
  using T = typename B::Scalar;
  using L = Lab<B>;
  list.add("batch_norm", [](L& l) {
    const auto x = l.in(l.z.m, l.z.n), gain = l.in(1, l.z.n), bias = l.in(1, l.z.n);
    l.b.batch_norm(x, gain, bias, 1e-1, l.out(l.z.m, l.z.n), l.z.optional ? l.out(2, l.z.n) : Saved<T>{});
  });
  list.add("batch_norm_with", [](L& l) {
    const auto x = l.in(l.z.m, l.z.n), mean = l.in(1, l.z.n), variance = l.positive(1, l.z.n), gain = l.in(1, l.z.n),
               bias = l.in(1, l.z.n);
    l.b.batch_norm_with(x, mean, variance, gain, bias, 1e-5, l.out(l.z.m, l.z.n));
  });
  for (const bool of_batch : {true, false}) {
    const std::string kind = of_batch ? ", statistics of the batch" : ", running statistics";
    list.add("batch_norm_backward" + kind, [of_batch](L& l) {
      const auto x = l.in(l.z.m, l.z.n), mean = l.in(1, l.z.n), variance = l.positive(1, l.z.n), gain = l.in(1, l.z.n),
                 dy = l.in(l.z.m, l.z.n);
      const auto dx = l.target(l.z.m, l.z.n);
      l.b.batch_norm_backward(x, mean, variance, gain, 1e-5, dy, of_batch, dx,
                              l.z.optional ? l.target(1, l.z.n) : Acc<T>{},
                              l.z.optional ? l.target(1, l.z.n) : Acc<T>{});
    });
    list.add("batch_norm_backward, parameters only" + kind, [of_batch](L& l) {
      const auto x = l.in(l.z.m, l.z.n), mean = l.in(1, l.z.n), variance = l.positive(1, l.z.n), gain = l.in(1, l.z.n),
                 dy = l.in(l.z.m, l.z.n);
      const auto dgain = l.target(1, l.z.n);
      l.b.batch_norm_backward(x, mean, variance, gain, 1e-5, dy, of_batch, {}, dgain,
                              l.z.optional ? l.target(1, l.z.n) : Acc<T>{});
    });
  }
  list.add("fold_batch_norm", [](L& l) {
    const auto mean = l.in(1, l.z.n), variance = l.positive(1, l.z.n), gain = l.in(1, l.z.n), bias = l.in(1, l.z.n);
    l.b.fold_batch_norm(mean, variance, gain, bias, 1e-5, l.out(2, l.z.n));
  });
}

}  // namespace clip::testing
