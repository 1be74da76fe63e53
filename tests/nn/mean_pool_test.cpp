#include <clip/nn/mean_pool.hpp>

#include <clip/autograd/inference.hpp>
#include <clip/autograd/tape.hpp>
#include <clip/backend/naive.hpp>
#include <clip/model/storage.hpp>
#include <clip/ops/tables.hpp>

#include "../support/check_gradients.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {

using B = Naive<double>;

/// Rows that are learned, so that their gradient can be checked.
struct Table {
  B backend_;
  Parameter<double> rows{{5, 3}, Init::zeros()};
  Buffer<B> memory = allocate_parameters(backend_, *this);
  Sequences sequences;

  Table() {
    set_values(B{}, rows.view(), random_values(Rng{4}, 15));
    sequences.add(2);
    sequences.pool(0);
    sequences.pool(1);
    sequences.add(3);
    for (Index row = 2; row < 5; ++row) sequences.pool(row);
  }
  B& backend() { return backend_; }
  static void members(auto& self, auto&& visit) { visit("rows", self.rows); }

  template <class Cx>
  Rows<Cx, 3> mean(Cx& cx) {
    auto& ids = cx.template keep<std::vector<std::int32_t>>();
    ids = {0, 1, 2, 3, 4};
    const auto x = cx.apply(GatherOp{Ids{ids}}, 5, Size<3>{}, rows);
    return mean_of_pooled(cx, x, sequences);
  }
};

}  // namespace

TEST_CASE("the mean of each sequence's pooled rows, and its gradient") {
  Table table;
  Inference<B> cx;
  const auto y = table.mean(cx);
  const auto x = table.rows.view();
  REQUIRE(y.rows() == 2);
  for (Index j = 0; j < 3; ++j) {
    CHECK(y.view(0, j) == doctest::Approx((x(0, j) + x(1, j)) / 2));
    CHECK(y.view(1, j) == doctest::Approx((x(2, j) + x(3, j) + x(4, j)) / 3));
  }
  Parameters parameters{table};
  check_gradients(parameters, [&](auto& tape) { return some_loss(tape, table.mean(tape)); });
}
