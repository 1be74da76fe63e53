// Products by cuBLASLt, whose descriptors are the real ones and whose product is computed on the host. The program has
// the tests of tests/cuda, too: its op list runs through the library here.
#include <clip/backend/naive.hpp>
#include <clip/cuda.hpp>

#include "../../cuda/cublas_lt.hpp"
#include "../support/cuda_controls.hpp"
#include "../support/matrix.hpp"
#include "../support/same.hpp"
#include "fake_cublas_lt.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {

clip_cuda::CublasLt& library() {
  static clip_cuda::CublasLt library;
  return library;
}
bool multiply(const clip_cuda::LibraryProduct& product, clip_cuda::Failure& failure) {
  static std::vector<std::byte> workspace(1);  // nothing is written to it
  return library().multiply(product, workspace.data(), nullptr, failure);
}
// From the beginning of the program: every device of it has the library.
[[maybe_unused]] const bool installed = [] {
  clip_cuda_on_host::products() = multiply;
  return library().open();
}();

/// y = f(x wᵀ + bias + shortcut) + residual, the backend being one with a library or not.
template <class B, class F>
Values linear(B b, F f, Index m, Index n, Index k, bool optional) {
  using T = typename B::Scalar;
  const auto numbers = [&](Index rows, Index cols, std::uint64_t seed) {
    return Matrix<B>{b, rows, cols, random_values(Rng{seed}, rows * cols)};
  };
  const auto x = numbers(m, k, 1), w = numbers(n, k, 2), bias = numbers(1, n, 3), shortcut = numbers(m, n, 4),
             residual = numbers(m, n, 5);
  const Matrix<B> y{b, m, n};
  Epilogue<T, F> e{.activation = f};
  if (optional) e.bias = bias.view(), e.shortcut = shortcut.view(), e.residual = residual.view();
  b.linear(x.view(), Weights<T>{View<const T>{w.view()}}, e, y.view());
  return y.values();
}

struct Asked {
  int products, searches;
};
template <class F>
Asked asked(const F& run) {
  const FakeCublasLt before = fake_cublas_lt();
  run();
  return {fake_cublas_lt().products - before.products, fake_cublas_lt().searches - before.searches};
}

}  // namespace

TEST_CASE_TEMPLATE("products by cuBLASLt are those of Naive: strided, added, with and without optional parts", T, float,
                   double) {
  const auto run = [](auto backend, const Setting& setting) {
    Cases<decltype(backend)> list;
    add_products(list);
    return run_cases(backend, setting, list);
  };
  for (const bool fresh : {true, false})
    for (const bool gap : {true, false})
      for (const bool optional : {true, false})
        for (const auto& size : {std::array<Index, 3>{1, 1, 1}, {3, 5, 2}, {7, 17, 9}, {16, 8, 24}}) {
          const Setting setting{size[0], size[1], size[2], fresh, gap, optional};
          check_close<T>(run(Cuda<T>{}, setting), run(Naive<T>{}, setting), setting);
        }
}

TEST_CASE("cuBLASLt is asked for an algorithm once per shape") {
  const auto run = [](Index m) { return asked([&] { linear(Cuda<float>{}, fn::Identity{}, m, 21, 13, true); }); };
  const Asked first = run(31), second = run(31), other = run(32);
  CHECK(first.products == 1);
  CHECK(first.searches == 1);
  CHECK(second.products == 1);
  CHECK(second.searches == 0);
  CHECK(other.searches == 1);
  CHECK(fake_cublas_lt().good);
}

TEST_CASE("a function that the library lacks is one pass after one product; ReLU, bias and shortcut are the product") {
  const auto launches = [](auto f, bool optional) {
    Cuda<float> b;
    const auto before = b.counts().launches;
    const Values found = linear(b, f, 5, 7, 6, optional);
    const auto after = b.counts().launches;
    CHECK(max_difference(found, linear(Naive<float>{}, f, 5, 7, 6, optional)) < 1e-5);
    return after - before;
  };
  const auto uploads_and_download = launches(fn::Identity{}, false) - 1;
  CHECK(launches(fn::Relu{}, false) - uploads_and_download == 1);
  CHECK(launches(fn::QuickGelu{}, false) - uploads_and_download == 2);
  CHECK(launches(fn::QuickGelu{}, true) - launches(fn::QuickGelu{}, false) == 0);
}

TEST_CASE("products that the library refuses, with their epilogue or at all, are computed all the same") {
  const Values expected = linear(Naive<double>{}, fn::Relu{}, 9, 10, 11, true);
  CHECK(max_difference(linear(Cuda<double>{}, fn::Relu{}, 9, 10, 11, true), expected) < 1e-12);
  library().close();
  fake_cublas_lt().refuses_epilogues = true;
  CHECK(asked([&] {
          CHECK(max_difference(linear(Cuda<double>{}, fn::Relu{}, 9, 10, 11, true), expected) < 1e-12);
        }).products == 1);
  fake_cublas_lt().refuses_all = true;
  CHECK(library().open());
  library().close();
  CHECK(asked([&] {
          CHECK(max_difference(linear(Cuda<double>{}, fn::Relu{}, 9, 10, 11, true), expected) < 1e-12);
        }).products == 0);
  library().close();
  fake_cublas_lt().refuses_all = fake_cublas_lt().refuses_epilogues = false;
  CHECK(library().open());
}

TEST_CASE(
    "products of float round their sides to bfloat16 for the library where the arithmetic says so, and only there") {
  const int before = fake_cublas_lt().reduced;
  const Values full = linear(Cuda<float>{}, fn::Identity{}, 12, 9, 15, false);
  CHECK(fake_cublas_lt().reduced == before);
  const Values reduced = linear(Cuda<float>{{.arithmetic = Arithmetic::bfloat16}}, fn::Identity{}, 12, 9, 15, false);
  CHECK(fake_cublas_lt().reduced == before + 1);
  CHECK(max_difference(reduced, full) > 0);
  CHECK(max_difference(reduced, full) < 2.01 * bfloat16_rounding * 15 * 16);
}

TEST_CASE("every product of the tests went through the library, with descriptors that keep their promises") {
  CHECK(fake_cublas_lt().products > 100);
  CHECK(fake_cublas_lt().good);
}
