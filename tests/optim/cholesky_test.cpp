#include <clip/core/rng.hpp>
#include <clip/optim/cholesky.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

using namespace clip;

TEST_CASE("Cholesky's inverse factor turns a matrix of any size into the identity") {
  Rng rng{7};
  for (const Index n : {Index{1}, Index{5}, Index{8}, Index{9}, Index{64}, Index{130}}) {
    CAPTURE(n);
    const auto at = [n](Index i, Index j) { return static_cast<std::size_t>(i * n + j); };
    std::vector<double> half(static_cast<std::size_t>(n * n)), a(half.size());
    for (double& v : half) v = rng.uniform(1);
    for (Index i = 0; i < n; ++i)
      for (Index j = 0; j < n; ++j) {
        double sum = i == j ? 0.1 : 0.0;
        for (Index k = 0; k < n; ++k) sum += half[at(i, k)] * half[at(j, k)];
        a[at(i, j)] = sum;
      }
    std::vector<double> lower = a;
    for (Index i = 0; i < n; ++i)
      for (Index j = i + 1; j < n; ++j) lower[at(i, j)] = 1e300;  // never read
    const std::vector<double> inverse = Cholesky{n, std::move(lower)}.inverse_factor();
    double farthest = 0;  // of L⁻¹ A L⁻ᵀ from the identity
    for (Index i = 0; i < n; ++i) {
      std::vector<double> row(static_cast<std::size_t>(n));
      for (Index k = 0; k <= i; ++k)
        for (Index j = 0; j < n; ++j) row[static_cast<std::size_t>(j)] += inverse[at(i, k)] * a[at(k, j)];
      for (Index j = 0; j < n; ++j) {
        double sum = i == j ? -1 : 0;
        for (Index k = 0; k <= j; ++k) sum += row[static_cast<std::size_t>(k)] * inverse[at(j, k)];
        farthest = std::max(farthest, std::abs(sum));
        if (j > i) CHECK(inverse[at(i, j)] == 0);
      }
    }
    CHECK(farthest < 1e-9);
  }
}

TEST_CASE("Cholesky names the pivot of a matrix that is not positive definite") {
  CHECK_THROWS_WITH_AS(Cholesky(2, {1, 0, 2, 4}), "cholesky: pivot 1: expected a positive number, found 0",
                       NumericError);
  CHECK_THROWS_AS(Cholesky(2, {1, 0, 2}), ShapeError);
}
