// Every op's derivative compared with finite differences of its rule, in double.
#include <clip/backend/naive.hpp>
#include <clip/core/scalar.hpp>

#include "op_list.hpp"

#include <doctest/doctest.h>

using namespace clip;
using namespace clip::testing;

namespace {

using B = Naive<double>;

/// d (dy · y) / d input i, element by element.
Values finite_differences(OpRun<B>& run, const OpCase<B>& op, std::size_t i) {
  constexpr double h = ScalarTraits<double>::difference_step;
  const Values dy = op.values_of_dy(), x = run.input(i).values();
  Values slopes;
  for (std::size_t e = 0; e < x.size(); ++e) {
    Values moved = x;
    moved[e] = x[e] + h;
    run.input(i).set(moved);
    const double above = dot(dy, run.forward());
    moved[e] = x[e] - h;
    run.input(i).set(moved);
    slopes.push_back((above - dot(dy, run.forward())) / (2 * h));
  }
  run.input(i).set(x);
  return slopes;
}

double tolerance(const Values& reference, double relative) {
  return relative * std::max(1.0, max_magnitude(reference));
}

}  // namespace

TEST_CASE("backward of every op is the derivative of its forward, for every input") {
  const OpList<B> list;
  for (const auto& op : list.cases) {
    if (!op.backward) continue;
    OpRun<B> run{{}, op};
    run.backward(true);
    for (std::size_t i = 0; i < run.count(); ++i)
      if (run.present(i)) {
        const Values expected = finite_differences(run, op, i);
        INFO(op.name, ", input ", i);
        CHECK(max_difference(run.gradient(i).values(), expected) <
              tolerance(expected, ScalarTraits<double>::difference_tolerance));
        CHECK(max_magnitude(expected) > 1e-3);  // a gradient of zeros would prove nothing
      }
  }
}

TEST_CASE("backward of every op adds to a target that is not fresh") {
  const OpList<B> list;
  for (const auto& op : list.cases) {
    if (!op.backward) continue;
    OpRun<B> run{{}, op};
    run.backward(true);
    std::vector<Values> once;
    for (std::size_t i = 0; i < run.count(); ++i) {
      once.push_back(run.gradient(i).values());
      run.gradient(i).set(random_values(Rng{5}.fork(i), static_cast<Index>(once[i].size())));
    }
    run.backward(false);
    for (std::size_t i = 0; i < run.count(); ++i)
      if (run.present(i)) {
        Values expected = random_values(Rng{5}.fork(i), static_cast<Index>(once[i].size()));
        for (std::size_t e = 0; e < expected.size(); ++e) expected[e] += once[i][e];
        INFO(op.name, ", input ", i);
        CHECK(max_difference(run.gradient(i).values(), expected) <
              tolerance(expected, ScalarTraits<double>::backend_tolerance));
      }
  }
}

TEST_CASE("a gradient does not depend on which other gradients are wanted") {
  const OpList<B> list;
  for (const auto& op : list.cases) {
    if (!op.backward) continue;
    OpRun<B> all{{}, op}, single{{}, op};
    all.backward(true);
    for (std::size_t i = 0; i < all.count(); ++i)
      if (all.present(i)) {
        single.backward(true, static_cast<int>(i));
        INFO(op.name, ", input ", i);
        CHECK(single.gradient(i).values() == all.gradient(i).values());
      }
  }
}

TEST_CASE("a result does not depend on whether something is kept for backward") {
  const OpList<B> list;
  for (const auto& op : list.cases) {
    OpRun<B> run{{}, op};
    INFO(op.name);
    const Values kept = run.forward(true);
    CHECK(run.forward(false) == kept);
  }
}
