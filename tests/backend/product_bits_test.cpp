// Bits of products, however work is grouped: rows, columns, layouts of weights, threads.
#include <clip/backend/cpu.hpp>

#include "../support/bits.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <utility>

using namespace clip;
using namespace clip::testing;

TEST_CASE_TEMPLATE(
    "a row of a product does not depend on its neighbours, a column not on its place, a weight not on its layout", T,
    float, double) {
  Cpu<T> cpu{{.threads = 2}};
  for (const auto& size : {std::array<Index, 2>{1, 1}, {7, 5}, {33, 17}, {100, 147}, {65, 64}, {70, 1100}}) {
    const Index m = 230, n = size[0], k = size[1];
    const HostMatrix<T> x{m, k, Rng{1}}, w{n, k, Rng{2}}, bias{1, n, Rng{3}}, residual{m, n, Rng{4}};
    HostMatrix<T> across{k, n};
    for (Index i = 0; i < n; ++i)
      for (Index j = 0; j < k; ++j) across(j, i) = w(i, j);
    const Packed<T> panels{Use::linear, 1, w, CpuLayout::panels}, projected{Use::project, 1, across, CpuLayout::panels};
    const Weights<T> packed = panels.weights();

    HostMatrix<T> y{m, n}, before{m, n};
    cpu.linear(x, In<T>(w), Epilogue<T, fn::QuickGelu>{bias, {}, before, residual}, y);
    const auto check = [&](auto&& run, Index i, Index rows, Index j, Index cols) {
      HostMatrix<T> part{rows, cols}, part_before{rows, cols};
      run(x.rows_of(i, rows),
          Epilogue<T, fn::QuickGelu>{bias.part(0, 1, j, cols), {}, part_before, residual.part(i, rows, j, cols)},
          View<T>(part));
      CHECK(same<T>(part, y.part(i, rows, j, cols)));
      CHECK(same<T>(part_before, before.part(i, rows, j, cols)));
    };
    for (const Index rows : batches) {
      const Index i = m - rows - rows % 3;
      INFO("rows ", rows, ", n ", n, ", k ", k);
      check([&](auto in, auto e, auto out) { cpu.linear(in, In<T>(w), e, out); }, i, rows, 0, n);
      check([&](auto in, auto e, auto out) { cpu.linear(in, packed, e, out); }, i, rows, 0, n);
      check([&](auto in, auto e, auto out) { cpu.project(in, In<T>(across), e, out); }, i, rows, 0, n);
      for (const Index first : {Index{1}, n / 2, n - 1}) {
        if (first < 0 || first >= n) continue;
        const Index cols = std::max<Index>(1, (n - first) / 2);
        const Weights<T> slice = panels.weights(first);
        check([&](auto in, auto e, auto out) { cpu.linear(in, slice, e, out); }, i, rows, first, cols);
        check([&](auto in, auto e, auto out) { cpu.linear(in, w.part(first, cols, 0, k), e, out); }, i, rows, first,
              cols);
        check([&](auto in, auto e, auto out) { cpu.project(in, In<T>(across.part(0, k, first, cols)), e, out); }, i,
              rows, first, cols);
      }
    }
    CHECK(projected.panels == panels.panels);
    CHECK(same<T>(panels.unpacked(Use::linear, 1), w));
    CHECK(same<T>(projected.unpacked(Use::project, 1), across));
  }
}

TEST_CASE_TEMPLATE(
    "in every layout of weights a row does not depend on its neighbours, a column not on its place, nor anything on "
    "threads",
    T, float, double) {
  Cpu<T> one{{.threads = 1}}, cpu{{.threads = 2}};
  for (const Layout layout : all_panels)
    for (const auto& size :
         {std::array<Index, 2>{1, 1}, {7, 3}, {33, 17}, {100, 147}, {70, 1101}, {40, 2050}, {40, 4500}}) {
      const Index m = 230, n = size[0], k = size[1];
      const HostMatrix<T> x{m, k, Rng{1}}, w{n, k, Rng{2}}, bias{1, n, Rng{3}};
      const Packed<T> panels{Use::linear, 1, w, layout};
      HostMatrix<T> y{m, n}, alone{m, n};
      const auto epilogue = [&](Index j, Index cols) {
        return Epilogue<T, fn::QuickGelu>{.bias = bias.part(0, 1, j, cols)};
      };
      cpu.linear(x, panels.weights(), epilogue(0, n), y);
      one.linear(x, panels.weights(), epilogue(0, n), alone);
      CHECK(same<T>(alone, y));
      for (const Index rows : batches) {
        const Index i = m - rows - rows % 3;
        INFO("layout ", static_cast<int>(layout), ", rows ", rows, ", n ", n, ", k ", k);
        HostMatrix<T> part{rows, n};
        cpu.linear(x.rows_of(i, rows), panels.weights(), epilogue(0, n), part);
        CHECK(same<T>(part, y.rows_of(i, rows)));
        for (const Index first : {n / 2, n - 1}) {
          const Index cols = std::max<Index>(1, (n - first) / 2);
          HostMatrix<T> slice{rows, cols};
          cpu.linear(x.rows_of(i, rows), panels.weights(first), epilogue(first, cols), slice);
          CHECK(same<T>(slice, y.part(i, rows, first, cols)));
        }
      }
    }
}

TEST_CASE_TEMPLATE("weights are packed into the same bytes by any number of threads", T, float, double) {
  for (const Layout layout : all_panels)
    for (const auto& [use, window] : {std::pair{Use::linear, Index{1}}, {Use::project, 1}, {Use::convolution, 3}}) {
      const HostMatrix<T> w{180, 207, Rng{2}};
      const Packed<T> alone{use, window, w, layout, 1}, together{use, window, w, layout, 3};
      CHECK(alone.panels == together.panels);
      CHECK(same<T>(alone.unpacked(use, window, 1), alone.unpacked(use, window, 3)));
    }
}

TEST_CASE("products in bfloat16 have the same bits whether weights are packed or row-major") {
  Cpu<float> cpu{{.threads = 2}}, reduced{{.threads = 2, .arithmetic = Arithmetic::bfloat16}};
  for (const auto& size : {std::array<Index, 3>{1, 1, 1}, {5, 33, 17}, {50, 100, 600}, {230, 70, 1101}}) {
    const Index m = size[0], n = size[1], k = size[2];
    const HostMatrix<float> x{m, k, Rng{1}}, w{n, k, Rng{2}};
    HostMatrix<float> across{k, n}, before{m, n}, linear{m, n}, project{m, n};
    for (Index i = 0; i < n; ++i)
      for (Index j = 0; j < k; ++j) across(j, i) = w(i, j);
    const Packed<float> panels{Use::linear, 1, w, CpuLayout::bfloat16_panels};
    cpu.linear(x, panels.weights(), Epilogue<float>{}, before);
    reduced.linear(x, In<float>(w), Epilogue<float>{}, linear);
    reduced.project(x, In<float>(across), Epilogue<float>{}, project);
    CHECK(same<float>(linear, project));
    if (cpu::has_dot<cpu::Bfloat16Dot, float>) CHECK(same<float>(linear, before));
  }
}

TEST_CASE_TEMPLATE(
    "norm, products, activation and layer scale in one step have the bits of one after the other, in every layout, for "
    "any rows and "
    "threads",
    T, float, double) {
  Cpu<T> one{{.threads = 1}}, cpu{{.threads = 2}};
  for (const Layout layout : all_panels)
    for (const auto& size : {std::array<Index, 2>{1, 1}, {33, 70}, {64, 256}, {70, 1101}}) {
      const Index m = 230, k = size[0], h = size[1];
      const HostMatrix<T> x{m, k, Rng{1}}, w1{h, k, Rng{2}}, w2{k, h, Rng{3}}, b1{1, h, Rng{4}}, b2{1, k, Rng{5}},
          gain{1, k, Rng{6}}, bias{1, k, Rng{7}};
      const Packed<T> first{Use::linear, 1, w1, layout}, second{Use::linear, 1, w2, layout};
      for (const bool in_block : {true, false}) {  // of a pre-norm block, or of one with layer scale
        const In<T> no_row, scale = in_block ? no_row : In<T>(gain);
        const auto mlp = [&](const In<T>& residual) {
          return FeedForward<T>{in_block ? In<T>(gain) : no_row,
                                in_block ? In<T>(bias) : no_row,
                                1e-5,
                                first.weights(),
                                b1,
                                second.weights(),
                                b2,
                                scale,
                                residual};
        };
        HostMatrix<T> normed{m, k}, hidden{m, h}, y{m, k};
        cpu.layer_norm(x, gain, bias, 1e-5, normed, Saved<T>{});
        cpu.linear(In<T>(in_block ? normed : x), first.weights(), Epilogue<T, fn::QuickGelu>{.bias = b1}, hidden);
        cpu.linear(In<T>(hidden), second.weights(), Epilogue<T>{.bias = b2, .residual = x, .scale = scale}, y);
        for (Cpu<T>* backend : {&one, &cpu})
          for (const Index rows : {Index{1}, Index{64}, Index{97}, m}) {
            INFO("layout ", static_cast<int>(layout), ", rows ", rows, ", k ", k, ", h ", h, ", norm ", in_block);
            const Index i = m - rows;
            HostMatrix<T> own_normed{rows, k}, own_hidden{rows, h}, apart{rows, k}, onto{rows, k};
            backend->feed_forward(x.rows_of(i, rows), mlp(x.rows_of(i, rows)), fn::QuickGelu{}, own_normed, own_hidden,
                                  apart);
            CHECK(same<T>(apart, y.rows_of(i, rows)));
            for (Index r = 0; r < rows; ++r)
              for (Index c = 0; c < k; ++c) onto(r, c) = x(i + r, c);
            backend->feed_forward(In<T>(onto), mlp(In<T>(onto)), fn::QuickGelu{}, own_normed, own_hidden, onto);
            CHECK(same<T>(onto, y.rows_of(i, rows)));
          }
      }
    }
}
