#include <clip/optim/schedule.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <numbers>

using namespace clip;

TEST_CASE("warm-up and cosine: known values") {
  const WarmupCosine schedule{.warmup = 35, .total = 702};
  CHECK(schedule(0) == doctest::Approx(1.0 / 35).epsilon(1e-15));
  CHECK(schedule(33) == doctest::Approx(34.0 / 35).epsilon(1e-15));
  CHECK(schedule(34) == 1);
  CHECK(schedule(35) == 1);
  CHECK(schedule(368) == doctest::Approx(0.5011775074024202).epsilon(1e-14));  // ½ (1 + cos(333 π / 667))
  CHECK(schedule(701) == doctest::Approx(5.546094731023743e-6).epsilon(1e-9));
  CHECK(schedule(702) == 0);
  CHECK(schedule(100000) == 0);
}

TEST_CASE("warm-up and cosine: it rises, then falls, stays in [0, 1], and the decay is symmetric about its middle") {
  for (const WarmupCosine schedule :
       {WarmupCosine{5, 25}, WarmupCosine{0, 7}, WarmupCosine{1, 2}, WarmupCosine{10, 11}}) {
    for (Index step = 0; step < schedule.total; ++step) {
      CHECK(schedule(step) > 0);
      CHECK(schedule(step) <= 1);
      if (step + 1 < schedule.warmup) CHECK(schedule(step + 1) > schedule(step));
      if (step >= schedule.warmup) CHECK(schedule(step + 1) < schedule(step));
      if (step >= schedule.warmup)
        CHECK(std::abs(schedule(step) + schedule(schedule.total + schedule.warmup - step) - 1) < 1e-14);
    }
    CHECK(schedule(schedule.warmup) == 1);
  }
}

TEST_CASE("warm-up and cosine: a run shorter than its warm-up never decays") {
  const WarmupCosine schedule{.warmup = 10, .total = 10};
  CHECK(schedule(9) == 1);
  CHECK(schedule(10) == 0);
}

TEST_CASE("schedule: cosine by steps with a share of warm-up is WarmupCosine") {
  const Schedule schedule = Schedule::warmup_cosine(0.1);
  for (Index step = 0; step < 30; ++step) CHECK(schedule(step, 30, 10) == WarmupCosine{3, 30}(step));
  CHECK(Schedule::warmup_cosine(0.001)(0, 30, 10) == 1);  // one step of warm-up
  CHECK(Schedule::cosine()(15, 30, 10) == doctest::Approx(0.5).epsilon(1e-15));
}

TEST_CASE("schedule: CoOp's, 1e-5 in the first epoch, then a cosine by epoch") {
  const Schedule schedule = Schedule::epoch_cosine();
  const Index epochs = 50, per_epoch = 3;
  for (Index step = 0; step < epochs * per_epoch; ++step) {
    const Index e = step / per_epoch;
    const double rate =
        e == 0 ? 1e-5 : 0.002 * 0.5 * (1 + std::cos(std::numbers::pi * static_cast<double>(e - 1) / 50));
    CHECK(0.002 * schedule(step, epochs * per_epoch, per_epoch) == doctest::Approx(rate).epsilon(1e-14));
  }
}

TEST_CASE("schedule: constant, and a cool-down to a share of the peak") {
  const Schedule constant = Schedule::constant(0.1), cooled = Schedule::constant_cooldown(0.1, 0.5, 2, 0.2);
  CHECK(constant(0, 20, 5) == 0.5);
  CHECK(constant(19, 20, 5) == 1);
  CHECK(cooled(0, 20, 5) == 0.5);
  CHECK(cooled(9, 20, 5) == 1);
  CHECK(cooled(10, 20, 5) == 1);
  CHECK(cooled(15, 20, 5) == doctest::Approx(0.25 * 0.8 + 0.2).epsilon(1e-15));
}

TEST_CASE("schedule: impossible settings") {
  CHECK_THROWS_AS(Schedule::warmup_cosine(1), OptionError);
  CHECK_THROWS_AS(Schedule::warmup_cosine(std::nan("")), OptionError);
  CHECK_THROWS_AS(Schedule::constant_cooldown(0.6, 0.6), OptionError);
  CHECK_THROWS_AS(Schedule::constant_cooldown(0, 0.5, 0), OptionError);
  CHECK_THROWS_AS(Schedule::epoch_cosine(-1), OptionError);
}
