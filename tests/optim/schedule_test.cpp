#include <clip/optim/schedule.hpp>

#include <doctest/doctest.h>

#include <cmath>

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
