#include <clip/optim/lbfgs.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <span>
#include <vector>

using namespace clip;

namespace {
double rosenbrock(std::span<const double> x, std::span<double> g) {
  const double a = 1 - x[0], b = x[1] - x[0] * x[0];
  g[0] = -2 * a - 400 * x[0] * b;
  g[1] = 200 * b;
  return a * a + 100 * b * b;
}
bool flat(const LbfgsPoint& p) { return std::abs(p.gradient[0]) + std::abs(p.gradient[1]) < 1e-9; }
}  // namespace

TEST_CASE("L-BFGS follows Rosenbrock's valley to its end, from several points and with several histories") {
  for (const Index history : {Index{1}, Index{3}, Index{10}})
    for (const std::vector<double>& start : {std::vector<double>{-1.2, 1}, {2, -3}, {1, 1}, {-30, 40}}) {
      std::vector<double> x = start;
      const LbfgsResult result = lbfgs(x, rosenbrock, {.history = history, .max_iterations = 500, .done = flat});
      CHECK(result.end == LbfgsEnd::done);
      CHECK(std::abs(x[0] - 1) < 1e-7);
      CHECK(std::abs(x[1] - 1) < 1e-7);
      CHECK(result.evaluations < 200);
    }
}

TEST_CASE("L-BFGS takes one step to the minimum of a quadratic whose inverse Hessian it is given") {
  const std::vector<double> hessian{1e6, 1, 1e-6}, minimum{3, -2, 5};
  std::vector<double> x(3);
  const LbfgsResult result = lbfgs(x,
                                   [&](std::span<const double> at, std::span<double> g) {
                                     double value = 0;
                                     for (std::size_t i = 0; i < 3; ++i) {
                                       g[i] = hessian[i] * (at[i] - minimum[i]);
                                       value += 0.5 * g[i] * (at[i] - minimum[i]);
                                     }
                                     return value;
                                   },
                                   {.precondition =
                                        [&](std::span<double> v) {
                                          for (std::size_t i = 0; i < 3; ++i) v[i] /= hessian[i];
                                        },
                                    .done = [](const LbfgsPoint& p) { return p.decrease < 1e-20; }});
  CHECK(result.iterations == 1);
  for (std::size_t i = 0; i < 3; ++i) CHECK(x[i] == doctest::Approx(minimum[i]).epsilon(1e-12));
}

TEST_CASE("L-BFGS stops after max_iterations, and where the value can fall no further") {
  std::vector<double> x{-1.2, 1};
  const LbfgsResult few = lbfgs(x, rosenbrock, {.max_iterations = 3});
  CHECK(few.end == LbfgsEnd::max_iterations);
  CHECK(few.iterations == 3);
  x = {-1.2, 1};
  const LbfgsResult all = lbfgs(x, rosenbrock, {.max_iterations = 1000});
  CHECK(all.end == LbfgsEnd::no_progress);
  CHECK(all.value < 1e-20);
}

TEST_CASE("L-BFGS steps back from where the function is not finite, and refuses to begin there") {
  const auto barrier = [](std::span<const double> x, std::span<double> g) {
    g[0] = 1 - 1 / x[0];
    return x[0] > 0 ? x[0] - std::log(x[0]) : std::numeric_limits<double>::infinity();
  };
  std::vector<double> x{1e-3};
  lbfgs(x, barrier, {.done = [](const LbfgsPoint& p) { return std::abs(p.gradient[0]) < 1e-10; }});
  CHECK(x[0] == doctest::Approx(1).epsilon(1e-9));
  x = {-1};
  CHECK_THROWS_WITH_AS(lbfgs(x, barrier), "lbfgs: the value at the first point: expected a finite number, found inf",
                       NumericError);
}
