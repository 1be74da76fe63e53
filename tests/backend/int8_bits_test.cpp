// Bits of int8 products: those of exact integer sums, whatever instructions a build multiplies integers with.
#include <clip/backend/cpu.hpp>

#include "../support/bits.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {

/// Integers of one row or of one output, and their unit.
struct Quantised {
  std::vector<std::int32_t> units;
  float scale;
};

float largest_magnitude(const float* x, Index n) {
  float largest = 0;
  for (Index k = 0; k < n; ++k) largest = std::max(largest, std::abs(x[k]));
  return largest;
}

/// A row of x: rounded products with 127 / largest, which a double holds exactly.
Quantised quantise_row(const float* x, Index n) {
  const float largest = largest_magnitude(x, n), inverse = largest > 0 ? 127 / largest : 0;
  Quantised row{{}, largest / 127};
  for (Index k = 0; k < n; ++k)
    row.units.push_back(static_cast<std::int32_t>(std::nearbyint(static_cast<double>(x[k]) * inverse)));
  return row;
}

/// The weights of an output: rounded quotients by largest / 127.
Quantised quantise_output(const float* w, Index n) {
  Quantised output{{}, largest_magnitude(w, n) / 127};
  for (Index k = 0; k < n; ++k) {
    const float units = output.scale > 0 ? w[k] / output.scale : 0;
    output.units.push_back(static_cast<std::int32_t>(std::nearbyint(std::clamp(units, -127.0f, 127.0f))));
  }
  return output;
}

}  // namespace

TEST_CASE("int8 products have the bits of exact integer sums") {
  if (!Cpu<float>::multiplies_int8()) return;
  Cpu<float> cpu{{.threads = 2}};
  for (const auto& size : {std::array<Index, 3>{1, 1, 1},
                           {3, 17, 2},
                           {4, 5, 14},
                           {6, 16, 3},
                           {7, 33, 5},
                           {50, 70, 147},
                           {97, 40, 1101},
                           {40, 20, 2735},
                           {5, 9, 5466}}) {
    const Index m = size[0], n = size[1], k = size[2];
    HostMatrix<float> x{m, k, Rng{1}}, w{n, k, Rng{2}}, y{m, n}, expected{m, n};
    for (Index i = 0; i < k; ++i) {  // the largest sums that there can be, and a row of zeros
      x(0, i) = w(0, i) = i % 3 == 0 ? 1.0f : -1.0f;
      x(m / 2, i) = m > 1 ? 0 : x(0, i);
    }
    const Packed<float> panels{Use::linear, 1, w, CpuLayout::int8_panels};
    cpu.linear(x, panels.weights(), Epilogue<float>{}, y);
    std::vector<Quantised> outputs;
    for (Index j = 0; j < n; ++j) outputs.push_back(quantise_output(&w(j, 0), k));
    for (Index i = 0; i < m; ++i) {
      const Quantised row = quantise_row(&x(i, 0), k);
      for (Index j = 0; j < n; ++j) {
        const Quantised& output = outputs[static_cast<std::size_t>(j)];
        std::int32_t sum = 0;
        for (std::size_t l = 0; l < row.units.size(); ++l) sum += row.units[l] * output.units[l];
        const float unit = row.scale * output.scale;
        expected(i, j) = unit * static_cast<float>(sum);
      }
    }
    INFO("rows ", m, ", n ", n, ", k ", k);
    CHECK(same<float>(expected, y));
  }
}

TEST_CASE("rows with values that are not finite do not change others in int8 products") {
  if (!Cpu<float>::multiplies_int8()) return;
  Cpu<float> cpu{{.threads = 1}};
  const Index m = 7, n = 33, k = 70;
  HostMatrix<float> x{m, k, Rng{1}}, w{n, k, Rng{2}}, whole{m, n}, y{m, n};
  const Packed<float> panels{Use::linear, 1, w, CpuLayout::int8_panels};
  cpu.linear(x, panels.weights(), Epilogue<float>{}, whole);
  x(2, 5) = std::numeric_limits<float>::infinity();
  x(4, k - 1) = std::numeric_limits<float>::quiet_NaN();
  cpu.linear(x, panels.weights(), Epilogue<float>{}, y);
  for (Index i = 0; i < m; ++i)
    for (Index j = 0; j < n; ++j) CHECK((i == 2 || i == 4 ? !std::isfinite(y(i, j)) : y(i, j) == whole(i, j)));
}

TEST_CASE("int8 weights give projections, convolutions and feed-forward blocks the bits of their linear products") {
  Cpu<float> cpu{{.threads = 2}};
  const fn::QuickGelu f;
  for (const auto& size : {std::array<Index, 3>{1, 5, 3}, {2, 17, 7}, {9, 33, 13}}) {
    const Index images = size[0], n = size[1], channels = size[2];
    const Window window{.size = 3, .stride = 2, .padding = 1};
    const Grid grid{images, 5, 6}, over = window.over(grid);
    const Index m = images * grid.pixels(), out = images * over.pixels(), k = 9 * channels;
    const HostMatrix<float> x{m, channels, Rng{1}}, kernel{n, k, Rng{2}}, bias{1, n, Rng{3}};
    const Epilogue<float, fn::QuickGelu> epilogue{.bias = bias, .activation = f};

    // The windows as rows: pixels line by line, and for each its channels; the weight in that order.
    HostMatrix<float> windows{out, k}, w{n, k}, across{k, n}, expected{out, n}, y{out, n};
    for (Index i = 0; i < out; ++i)
      for (Index tap = 0; tap < 9; ++tap) {
        const Index row = i / over.width % over.height * 2 + tap / 3 - 1, col = i % over.width * 2 + tap % 3 - 1;
        for (Index c = 0; c < channels; ++c)
          windows(i, tap * channels + c) = row < 0 || row >= grid.height || col < 0 || col >= grid.width
                                               ? 0
                                               : x((i / over.pixels() * grid.height + row) * grid.width + col, c);
      }
    for (Index j = 0; j < n; ++j)
      for (Index i = 0; i < k; ++i) across(i, j) = w(j, i) = kernel(j, i % channels * 9 + i / channels);
    const Packed<float> linear{Use::linear, 1, w, CpuLayout::int8_panels},
        project{Use::project, 1, across, CpuLayout::int8_panels},
        convolution{Use::convolution, 3, kernel, CpuLayout::int8_panels};
    INFO("images ", images, ", n ", n, ", channels ", channels);
    cpu.linear(windows, linear.weights(), epilogue, expected);
    cpu.project(windows, project.weights(), epilogue, y);
    CHECK(same<float>(expected, y));
    cpu.convolve(x, convolution.weights(), grid, window, epilogue, y);
    CHECK(same<float>(expected, y));

    const Packed<float> back{Use::linear, 1, across, CpuLayout::int8_panels};
    for (const Index rows : {Index{1}, Index{7}, Index{300}}) {  // 300: the fused form
      const HostMatrix<float> residual{rows, k, Rng{4}}, gain{1, k, Rng{5}}, shift{1, k, Rng{6}}, last{1, k, Rng{7}};
      HostMatrix<float> normed{rows, k}, hidden{rows, n}, stepwise{rows, k}, whole{rows, k};
      cpu.layer_norm(residual, gain, shift, 1e-5, normed, Saved<float>{});
      cpu.linear(In<float>(normed), linear.weights(), epilogue, hidden);
      cpu.linear(In<float>(hidden), back.weights(), Epilogue<float>{.bias = last, .residual = residual}, stepwise);
      const FeedForward<float> mlp{.gain = gain,
                                   .bias = shift,
                                   .epsilon = 1e-5,
                                   .w1 = linear.weights(),
                                   .b1 = bias,
                                   .w2 = back.weights(),
                                   .b2 = last,
                                   .residual = residual};
      cpu.feed_forward(residual, mlp, f, normed, hidden, whole);
      CHECK(same<float>(stepwise, whole));
    }
  }
}
