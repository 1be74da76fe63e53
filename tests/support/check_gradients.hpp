// tests/support/check_gradients.hpp: gradients of a tape against finite differences, parameter by parameter.
#pragma once

#include <clip/autograd/tape.hpp>
#include <clip/core/rng.hpp>
#include <clip/core/scalar.hpp>
#include <clip/loss/contrastive.hpp>

#include "matrix.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

namespace clip::testing {

/// A number that depends on every value of the rows: the cross-entropy of their similarities with random rows.
template <class Cx, Index W>
Rows<Cx, 1> some_loss(Cx& cx, Rows<Cx, W> y) {
  const auto fixed = cx.allocate(y.rows(), Size<W>{y.cols()});
  set_values(cx.backend(), fixed.view, random_values(Rng{30}, fixed.view.count()));
  auto& own = cx.template keep<std::vector<std::int32_t>>();
  own.resize(static_cast<std::size_t>(y.rows()));
  std::iota(own.begin(), own.end(), 0);
  return cross_entropy(cx, matmul_nt(cx, y, fixed), Ids{own}, Ids{own});
}

/// Gradients of every entry of a table after one pass: record(tape) gives the loss.
template <class B, class F>
std::vector<Values> gradients_of(Parameters<B>& table, F record, TapeOptions options = {}) {
  table.clear_gradients();
  for (auto& e : table.entries())
    table.backend().fill(e.gradient, static_cast<typename B::Scalar>(NAN));  // what is stale must not be added to
  Tape<B> tape{table, options};
  tape.backward(record(tape));
  std::vector<Values> all;
  for (const auto& e : table.entries())
    all.push_back(e.fresh ? Values{} : values_of(table.backend(), View<const typename B::Scalar>{e.gradient}));
  return all;
}

/// The loss of a pass.
template <class B, class F>
double loss_of(Parameters<B>& table, F record) {
  Tape<B> tape{table};
  const auto loss = record(tape);
  return value_of(tape, loss);
}

/// In every parameter of the table, the slope of the loss along a random direction of length 1 is that of the gradient.
template <class B, class F>
void check_gradients(Parameters<B>& table, F record) {
  constexpr double h = ScalarTraits<double>::difference_step;
  const std::vector<Values> gradients = gradients_of(table, record);
  for (std::size_t i = 0; i < table.entries().size(); ++i) {
    auto& e = table.entries()[i];
    INFO(e.name);
    REQUIRE(gradients[i].size() == static_cast<std::size_t>(e.value.count()));
    const Values values = values_of(table.backend(), View<const double>{e.value});
    Values direction = random_values(Rng{31}.fork(e.name), e.value.count());
    const double length = std::sqrt(dot(direction, direction));
    for (double& u : direction) u /= length;
    const auto loss_at = [&](double step) {
      Values moved = values;
      for (std::size_t k = 0; k < moved.size(); ++k) moved[k] += step * direction[k];
      set_values(table.backend(), e.value, moved);
      const double loss = loss_of(table, record);
      set_values(table.backend(), e.value, values);
      return loss;
    };
    const double expected = (loss_at(h) - loss_at(-h)) / (2 * h), found = dot(gradients[i], direction);
    const double size = std::sqrt(dot(gradients[i], gradients[i]));
    CHECK(std::abs(found - expected) < ScalarTraits<double>::difference_tolerance * std::max(size, 1e-2));
    CHECK(size > 0);
  }
}

}  // namespace clip::testing
