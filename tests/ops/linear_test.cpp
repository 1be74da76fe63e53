#include <clip/backend/cpu.hpp>
#include <clip/core/rng.hpp>
#include <clip/ops/linear.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

using namespace clip;

namespace {

struct Matrix {
  Index rows, cols;
  std::vector<float> values;
  Matrix(Index rows_, Index cols_, std::uint64_t seed = 0)
      : rows{rows_}, cols{cols_}, values(static_cast<std::size_t>(rows * cols)) {
    Rng rng{seed};
    for (float& v : values) v = static_cast<float>(rng.normal());
  }
  operator In<float>() const { return {values.data(), rows, cols}; }
  Acc<float> fresh() { return {{values.data(), rows, cols}, true}; }
};

/// y, dx and dz of y = x zᵀ.
std::vector<Matrix> similarities(CpuOptions options) {
  Cpu<float> cpu{options};
  const Matrix x{9, 50, 1}, z{7, 50, 2}, dy{9, 7, 3};
  std::vector<Matrix> results{{9, 7}, {9, 50}, {7, 50}};
  MatmulNtOp{}.forward<float>(cpu, x, z, results[0].fresh(), {});
  MatmulNtOp{}.backward<float>(cpu, x, z, {}, dy, results[1].fresh(), results[2].fresh());
  return results;
}

}  // namespace

TEST_CASE(
    "the similarities of a loss are computed in full precision where products are in bfloat16, and so are their "
    "gradients") {
  const auto full = similarities({.threads = 1}),
             reduced = similarities({.threads = 1, .arithmetic = Arithmetic::bfloat16});
  for (std::size_t i = 0; i < full.size(); ++i) CHECK(full[i].values == reduced[i].values);
}
