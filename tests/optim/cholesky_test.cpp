#include <clip/core/rng.hpp>
#include <clip/optim/cholesky.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

using namespace clip;

TEST_CASE("Cholesky solves systems of any size for any number of right sides") {
  Rng rng{7};
  for (const Index n : {Index{1}, Index{5}, Index{8}, Index{9}, Index{64}, Index{130}})
    for (const Index m : {Index{0}, Index{1}, Index{7}}) {
      CAPTURE(n);
      CAPTURE(m);
      std::vector<double> half(static_cast<std::size_t>(n * n)), a(half.size());
      for (double& v : half) v = rng.uniform(1);
      for (Index i = 0; i < n; ++i)
        for (Index j = 0; j < n; ++j) {
          double sum = i == j ? 0.1 : 0.0;
          for (Index k = 0; k < n; ++k)
            sum += half[static_cast<std::size_t>(i * n + k)] * half[static_cast<std::size_t>(j * n + k)];
          a[static_cast<std::size_t>(i * n + j)] = sum;
        }
      std::vector<double> lower = a;
      for (Index i = 0; i < n; ++i)
        for (Index j = i + 1; j < n; ++j) lower[static_cast<std::size_t>(i * n + j)] = 1e300;  // never read
      const Cholesky cholesky{n, std::move(lower)};
      std::vector<double> x(static_cast<std::size_t>(m * n)), solved;
      for (double& v : x) v = rng.uniform(1);
      solved = x;
      cholesky.solve(View<double>{solved.data(), m, n});
      for (Index r = 0; r < m; ++r)
        for (Index i = 0; i < n; ++i) {
          double sum = 0;
          for (Index k = 0; k < n; ++k)
            sum += a[static_cast<std::size_t>(i * n + k)] * solved[static_cast<std::size_t>(r * n + k)];
          CHECK(std::abs(sum - x[static_cast<std::size_t>(r * n + i)]) < 1e-9);
        }
    }
}

TEST_CASE("Cholesky names the pivot of a matrix that is not positive definite") {
  CHECK_THROWS_WITH_AS(Cholesky(2, {1, 0, 2, 4}), "cholesky: pivot 1: expected a positive number, found 0",
                       NumericError);
  CHECK_THROWS_AS(Cholesky(2, {1, 0, 2}), ShapeError);
}
