// Every primitive of Cpu compared with Naive.
#include <clip/backend/cpu.hpp>
#include <clip/backend/naive.hpp>

#include "../support/bits.hpp"
#include "../support/rounding.hpp"
#include "../support/same.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <string>
#include <vector>

namespace {

using namespace clip;
using namespace clip::testing;

template <class T>
void compare(const Setting& setting) {
  Naive<T> naive;
  Cpu<T> cpu{{.threads = 2}};
  check_close(run_primitives(cpu, setting), run_primitives(naive, setting), setting);
}

}  // namespace

TEST_CASE_TEMPLATE("Cpu and Naive agree on every primitive", T, float, double) {
  for (const bool fresh : {true, false})
    for (const bool gap : {false, true})
      for (const bool optional : {true, false})
        for (const auto& size : {std::array<Index, 3>{1, 1, 1}, {3, 5, 2}, {7, 17, 9}, {13, 33, 31}, {25, 64, 16}})
          compare<T>({size[0], size[1], size[2], fresh, gap, optional});
}

TEST_CASE_TEMPLATE("Cpu's GELU is the normal distribution's, also where it vanishes", T, float, double) {
  std::vector<T> x{T(-INFINITY), T(-1e30), T(-300), T(0), T(300), T(1e30), T(INFINITY), T(NAN)};
  for (int i = -8000; i <= 8000; ++i) x.push_back(static_cast<T>(i) / 1000);
  const auto n = static_cast<Index>(x.size());
  std::vector<T> y(x.size());
  Cpu<T>{}.map(fn::Gelu{}, View<const T>{x.data(), 1, n}, View<T>{y.data(), 1, n});
  CHECK(y[1] == 0);
  CHECK(std::isnan(y[7]));
  for (std::size_t i = 3; i < x.size(); ++i) {
    if (!std::isfinite(x[i])) continue;
    const double at = static_cast<double>(x[i]), expected = 0.5 * at * std::erfc(-at / std::sqrt(2.0));
    INFO("x ", at, ", found ", y[i], ", expected ", expected);
    CHECK(std::abs(static_cast<double>(y[i]) - expected) <= (sizeof(T) == 4 ? 2.5e-7 : 5e-15) * std::abs(at));
  }
}

TEST_CASE_TEMPLATE("rows whose squares leave the range of floats get unit length", B, Naive<float>, Cpu<float>) {
  const std::array<float, 6> x{1e38f, -2e38f, 2e38f, 2e-30f, 1e-30f, -2e-30f};
  std::array<float, 6> y{};
  std::array<float, 2> length{};
  B{}.normalize(View<const float>{x.data(), 2, 3}, View<float>{y.data(), 2, 3}, View<float>{length.data(), 2, 1});
  const std::array<double, 6> expected{1. / 3, -2. / 3, 2. / 3, 2. / 3, 1. / 3, -2. / 3};
  for (std::size_t i = 0; i < 6; ++i) CHECK(y[i] == doctest::Approx(expected[i]));
  CHECK(length[0] == doctest::Approx(3e38));
  CHECK(length[1] / 1e-30f == doctest::Approx(3));
}

TEST_CASE_TEMPLATE("Cpu and Naive agree on 3×3 windows that move by one pixel, in images of any size", T, float,
                   double) {
  struct Case {
    Grid grid;
    Index padding, k, n;
  };
  for (const Case& c : {Case{{1, 1, 1}, 1, 16, 1}, Case{{3, 1, 2}, 1, 17, 33}, Case{{2, 2, 1}, 1, 31, 7},
                        Case{{1, 3, 3}, 0, 16, 5}, Case{{2, 5, 4}, 0, 40, 70}, Case{{1, 1, 1}, 2, 20, 32},
                        Case{{5, 7, 7}, 1, 48, 40}, Case{{1, 33, 12}, 1, 19, 35}, Case{{1, 2, 3}, 1, 700, 100}}) {
    const Window window{3, 1, c.padding};
    const Index places = window.over(c.grid).rows();
    Rng rng{90};
    const auto draw = [&](Index count) {
      std::vector<T> values(static_cast<std::size_t>(count));
      for (T& v : values) v = static_cast<T>(rng.normal());
      return values;
    };
    const auto x = draw(c.grid.rows() * c.k), w = draw(c.n * c.k * 9), bias = draw(c.n);
    const auto run = [&](auto backend) {
      std::vector<T> y(static_cast<std::size_t>(places * c.n));
      backend.convolve(In<T>{x.data(), c.grid.rows(), c.k}, Weights<T>{In<T>{w.data(), c.n, c.k * 9}}, c.grid, window,
                       Epilogue<T, fn::Relu>{.bias = {bias.data(), 1, c.n}}, Out<T>{y.data(), places, c.n});
      return y;
    };
    const double d = distance(run(Cpu<T>{{.threads = 2}}), run(Naive<T>{}));
    INFO("image ", c.grid.height, " by ", c.grid.width, ", padding ", c.padding, ", channels ", c.k, " to ", c.n,
         ", distance ", d);
    CHECK(d <= ScalarTraits<T>::backend_tolerance);
  }
}

TEST_CASE_TEMPLATE("Cpu and Naive agree where loops are cut and shared among threads", T, float, double) {
  compare<T>({200, 147, 64, true, false, true});
  compare<T>({301, 130, 65, false, true, true});
  compare<T>({150, 300, 40, false, false, false});
  compare<T>({30, 40, 1500, true, false, true});
}

TEST_CASE_TEMPLATE("products with weights of a small type are as close to the exact ones as rounding allows", T, float,
                   double) {
  Cpu<T> cpu{{.threads = 2}};
  for (const Layout layout : {CpuLayout::half_panels, CpuLayout::bfloat16_panels, CpuLayout::int8_panels})
    for (const auto& size :
         {std::array<Index, 3>{1, 1, 1}, {3, 5, 2}, {1, 70, 3}, {13, 33, 31}, {60, 100, 147}, {130, 40, 1101}}) {
      const Index m = size[0], n = size[1], k = size[2];
      const HostMatrix<T> x{m, k, Rng{7}}, w{n, k, Rng{8}};
      HostMatrix<T> y{m, n};
      const Packed<T> packed{Use::linear, 1, w, layout};
      cpu.linear(x, packed.weights(), Epilogue<T>{}, y);
      INFO("layout ", static_cast<int>(layout), ", m ", m, ", n ", n, ", k ", k);
      CHECK(beyond_rounding<T>(layout, x, w, y) == 0);
    }
}

TEST_CASE_TEMPLATE("convolutions with weights of a small type are as close to the exact ones as rounding allows", T,
                   float, double) {
  Cpu<T> cpu{{.threads = 2}};
  Naive<T> naive;
  for (const Layout layout : {CpuLayout::half_panels, CpuLayout::bfloat16_panels, CpuLayout::int8_panels})
    for (const Window window : {Window{1, 1, 0}, Window{3, 1, 1}, Window{3, 2, 1}, Window{2, 3, 0}})
      for (const auto& channels : {std::array<Index, 2>{1, 1}, {3, 32}, {20, 33}, {40, 7}}) {
        const Index k = channels[0], n = channels[1], inputs = k * window.area();
        const Grid grid{2, 7, 5};
        const HostMatrix<T> x{grid.rows(), k, Rng{7}}, w{n, inputs, Rng{8}};
        HostMatrix<T> y{window.over(grid).rows(), n}, windows{y.rows, inputs}, one{inputs, inputs};
        for (Index i = 0; i < inputs; ++i) one(i, i) = 1;
        naive.convolve(x, Weights<T>{In<T>(one)}, grid, window, Epilogue<T>{},
                       windows);  // the values under each window, as a row
        const Packed<T> packed{Use::convolution, window.size, w, layout};
        cpu.convolve(x, packed.weights(), grid, window, Epilogue<T>{}, y);
        INFO("layout ", static_cast<int>(layout), ", window ", window.size, ", stride ", window.stride, ", channels ",
             k, " to ", n);
        CHECK(beyond_rounding<T>(layout, windows, w, y) == 0);
      }
}

TEST_CASE("aᵀ b in bfloat16 is as close to the exact one as rounding allows") {
  Cpu<float> cpu{{.threads = 2, .arithmetic = Arithmetic::bfloat16}};
  for (const auto& size :
       {std::array<Index, 3>{1, 1, 1}, {2, 3, 2}, {3, 17, 33}, {257, 13, 70}, {600, 200, 147}, {0, 5, 7}}) {
    const Index r = size[0], n = size[1], k = size[2];
    std::vector<float> a(static_cast<std::size_t>(r * n)), b(static_cast<std::size_t>(r * k)),
        c(static_cast<std::size_t>(n * k), 2);
    Rng rng{7};
    for (float& v : a) v = static_cast<float>(rng.normal());
    for (float& v : b) v = static_cast<float>(rng.normal());
    const In<float> left{a.data(), r, n}, right{b.data(), r, k};
    cpu.outer(left, right, Acc<float>{View<float>{c.data(), n, k}, false});
    Index beyond = 0;
    for (Index i = 0; i < n; ++i)
      for (Index j = 0; j < k; ++j) {
        double exact = 2, size_of_terms = 2;
        for (Index l = 0; l < r; ++l) {
          const double term = static_cast<double>(left(l, i)) * static_cast<double>(right(l, j));
          exact += term;
          size_of_terms += std::abs(term);
        }
        const double allowed = (2.01 * bfloat16_rounding + ScalarTraits<float>::backend_tolerance) * size_of_terms;
        if (!(std::abs(static_cast<double>(c[static_cast<std::size_t>(i * k + j)]) - exact) <= allowed)) ++beyond;
      }
    INFO("rows ", r, ", n ", n, ", k ", k);
    CHECK(beyond == 0);
  }
}

TEST_CASE("a row with a NaN has a NaN result in every layout") {
  Cpu<float> cpu{{.threads = 1}};
  const Index n = 5, k = 9;
  std::vector<float> weights(static_cast<std::size_t>(n * k), 0.5f), x(static_cast<std::size_t>(2 * k), 1.0f),
      y(static_cast<std::size_t>(2 * n));
  for (const float value : {NAN, INFINITY}) {
    x[static_cast<std::size_t>(k + 4)] = value;
    for (const Layout layout :
         {CpuLayout::panels, CpuLayout::half_panels, CpuLayout::bfloat16_panels, CpuLayout::int8_panels}) {
      std::vector<std::byte> panels(cpu.packed_bytes(layout, n, k));
      cpu.pack(Use::linear, 1, In<float>{weights.data(), n, k}, layout, panels.data());
      cpu.linear(In<float>{x.data(), 2, k},
                 Weights<float>{In<float>{reinterpret_cast<const float*>(panels.data()), n, k}, layout},
                 Epilogue<float>{}, View<float>{y.data(), 2, n});
      for (Index j = 0; j < n; ++j) {
        CHECK(std::abs(y[static_cast<std::size_t>(j)] - 4.5f) < 0.1f);
        CHECK_FALSE(std::isfinite(y[static_cast<std::size_t>(n + j)]));
      }
    }
  }
}
