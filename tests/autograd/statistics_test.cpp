// Running statistics of batch norms: commit() applies the collected batch statistics once, in order.
#include <clip/autograd/statistics.hpp>
#include <clip/autograd/tape.hpp>
#include <clip/ops/pointwise.hpp>

#include "../support/check_gradients.hpp"
#include "../support/norm_net.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace clip;
using namespace clip::testing;

namespace {

using B = Naive<double>;

struct Net : NormNet {
  /// Three rows 1, 2, 6 in every column, times `factor`.
  void see(Tape<B>& tape, double factor = 1) const {
    const auto x = tape.allocate(3, Size<4>{});
    for (Index j = 0; j < 4; ++j) x.view(0, j) = factor, x.view(1, j) = 2 * factor, x.view(2, j) = 6 * factor;
    batch_norm(tape, x, norm());
  }
  /// Mean and variance of the third channel, and the counter.
  std::array<double, 3> running() const {
    return {running_mean.view()(0, 2), running_var.view()(0, 2), num_batches_tracked.view()(0, 0)};
  }
};

// Of 1, 2, 6: mean 3, unbiased variance 7.
constexpr double variance_of_1_2_6 = 7;

}  // namespace

TEST_CASE("commit moves the running statistics by momentum, the variance unbiased, and counts") {
  Net net;
  Parameters table{net};
  Tape tape{table};
  net.see(tape);
  CHECK(net.running() == std::array<double, 3>{0, 1, 0});
  tape.commit();
  CHECK(net.running()[0] == doctest::Approx(0.1 * 3));
  CHECK(net.running()[1] == doctest::Approx(0.9 * 1 + 0.1 * variance_of_1_2_6));
  CHECK(net.running()[2] == 1);
}

TEST_CASE("a second commit does nothing, and clear drops statistics that were not committed") {
  Net net;
  Parameters table{net};
  Tape tape{table};
  tape.commit();
  CHECK(net.running() == std::array<double, 3>{0, 1, 0});
  net.see(tape);
  tape.commit();
  const auto once = net.running();
  tape.commit();
  CHECK(net.running() == once);
  net.see(tape);
  tape.clear();
  tape.commit();
  CHECK(net.running() == once);
}

TEST_CASE("two batches of one norm are applied in order") {
  Net net;
  net.momentum = 0.5;
  Parameters table{net};
  Tape tape{table};
  net.see(tape, 1);
  net.see(tape, 10);
  tape.commit();
  CHECK(net.running()[0] == doctest::Approx(0.5 * (0.5 * 3) + 0.5 * 30));
  CHECK(net.running()[1] == doctest::Approx(0.5 * (0.5 * 1 + 0.5 * variance_of_1_2_6) + 0.5 * 100 * variance_of_1_2_6));
  CHECK(net.running()[2] == 2);
}

TEST_CASE("a tape made for evaluation collects nothing") {
  Net net;
  Parameters table{net};
  Tape tape{table, {.evaluation = true}};
  net.see(tape);
  tape.commit();
  CHECK(net.running() == std::array<double, 3>{0, 1, 0});
}

TEST_CASE("a recomputed block collects once, and its gradients and statistics are the same bits") {
  std::array<Values, 2> gradients;
  std::array<std::array<double, 3>, 2> running;
  for (const bool recompute : {false, true}) {
    Net net;
    Parameters table{net, only("w", "weight")};
    Tape tape{table, {.recompute = recompute}};
    auto x = tape.allocate(6, Size<4>{});
    set_values(B{}, x.view, random_values(Rng{3}, 24));
    for (int layer = 0; layer < 3; ++layer)
      x = tape.stage(x, [&tape, &net](Rows<Tape<B>, 4> y) { return map(tape, fn::Gelu{}, net(tape, y)); });
    tape.backward(some_loss(tape, x));
    tape.commit();
    CHECK(net.running()[2] == 3);
    gradients[recompute] = values_of(B{}, View<const double>{table.entries()[0].gradient});
    running[recompute] = net.running();
  }
  CHECK(gradients[0] == gradients[1]);
  CHECK(running[0] == running[1]);
}
