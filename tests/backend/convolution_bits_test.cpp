// Bits of convolutions, however work is grouped: images, channels, layouts of weights.
#include <clip/backend/cpu.hpp>
#include <clip/core/half.hpp>

#include "../support/bits.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace clip;
using namespace clip::testing;

TEST_CASE_TEMPLATE(
    "an image's convolution does not depend on its neighbours in the batch, a channel not on its position, a weight "
    "not "
    "on its layout",
    T, float, double) {
  Cpu<T> cpu{{.threads = 2}};
  for (const Window window : {Window{1, 1, 0}, Window{3, 1, 1}, Window{3, 2, 1}, Window{2, 2, 0}})
    for (const auto& channels : {std::array<Index, 2>{3, 7}, {40, 70}, {130, 33}}) {
      const Index k = channels[0], n = channels[1], images = 7;
      const Grid grid{images, 9, 6};
      const Index pixels = grid.pixels(), places = window.over(grid).pixels(), inputs = k * window.area();
      const HostMatrix<T> x{grid.rows(), k, Rng{1}}, w{n, inputs, Rng{2}}, scale{1, n, Rng{3}}, bias{1, n, Rng{4}},
          shortcut{images * places, n, Rng{5}};
      const Packed<T> panels{Use::convolution, window.size, w, CpuLayout::panels};
      const Weights<T> packed = panels.weights();
      CHECK(same<T>(panels.unpacked(Use::convolution, window.size), w));

      const auto epilogue = [&](Index image, Index count, Index j, Index cols) {
        return Epilogue<T, fn::Relu>{.bias = bias.part(0, 1, j, cols),
                                     .scale = scale.part(0, 1, j, cols),
                                     .shortcut = shortcut.part(image * places, count * places, j, cols)};
      };
      HostMatrix<T> y{images * places, n}, dx{grid.rows(), k};
      cpu.convolve(x, packed, grid, window, epilogue(0, images, 0, n), y);
      cpu.convolve_backward(y, In<T>(w), grid, window, Acc<T>{dx, true});
      for (const auto& some_images : {std::array<Index, 2>{0, 1}, {3, 1}, {2, 3}, {6, 1}}) {
        const Index image = some_images[0], count = some_images[1];
        INFO("window ", window.size, ", stride ", window.stride, ", channels ", k, " -> ", n, ", images ", image, " + ",
             count);
        const Grid part{count, grid.height, grid.width};
        HostMatrix<T> some{count * places, n}, some_dx{count * pixels, k};
        cpu.convolve(x.rows_of(image * pixels, count * pixels), packed, part, window, epilogue(image, count, 0, n),
                     some);
        CHECK(same<T>(some, y.rows_of(image * places, count * places)));
        cpu.convolve(x.rows_of(image * pixels, count * pixels), In<T>(w), part, window, epilogue(image, count, 0, n),
                     some);
        CHECK(same<T>(some, y.rows_of(image * places, count * places)));
        cpu.convolve_backward(some, In<T>(w), part, window, Acc<T>{some_dx, true});
        CHECK(same<T>(some_dx, dx.rows_of(image * pixels, count * pixels)));
        const Index j = n / 2, cols = n / 3;
        HostMatrix<T> narrow{count * places, cols};
        cpu.convolve(x.rows_of(image * pixels, count * pixels), w.part(j, cols, 0, inputs), part, window,
                     epilogue(image, count, j, cols), narrow);
        CHECK(same<T>(narrow, y.part(image * places, count * places, j, cols)));
      }
    }
}

TEST_CASE("weights in half give a convolution the bits of the numbers they stand for") {
  Cpu<float> cpu{{.threads = 2}};
  const Grid grid{2, 8, 7};
  for (const Window window : {Window{1, 1, 0}, Window{3, 1, 1}}) {
    const Index k = 20, n = 40, inputs = k * window.area();
    const HostMatrix<float> x{grid.rows(), k, Rng{1}};
    HostMatrix<float> w{n, inputs, Rng{2}}, y{grid.rows(), n}, packed_y{grid.rows(), n};
    for (float& v : w.values) v = half_to_float(float_to_half(v));
    const Packed<float> halves{Use::convolution, window.size, w, CpuLayout::half_panels};
    cpu.convolve(x, In<float>(w), grid, window, Epilogue<float>{}, y);
    cpu.convolve(x, halves.weights(), grid, window, Epilogue<float>{}, packed_y);
    CHECK(same<float>(packed_y, y));
  }
}
