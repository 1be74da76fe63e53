#include <clip/core/rng.hpp>
#include <clip/learn/adamw_probe.hpp>
#include <clip/learn/probe_sweep.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <vector>

using namespace clip;

namespace {

struct Set {
  Features<double, dyn> features;
  std::vector<std::string> labels;
};

/// features() of tests/golden/make_sweep.py
Set make(Index n, std::uint64_t seed, Index width = 24) {
  Set set{Features<double, dyn>{n, Size<dyn>{width}}, {}};
  Rng rng{seed};
  for (Index i = 0; i < n; ++i) {
    set.labels.push_back("class " + std::to_string(i % 3));
    for (Index j = 0; j < width; ++j)
      set.features[i][static_cast<std::size_t>(j)] = rng.uniform(1) + (j % 3 == i % 3 ? 0.3 : 0.0);
  }
  return set;
}

const Cpu<double> one_thread{{.threads = 1}};

}  // namespace

TEST_CASE("the searches of CoOp and of CLIP choose the C that they choose with scikit-learn") {
  struct Row {
    std::uint64_t seed;
    double coop;
    int coop_right;
    double clip;
    int clip_right;
  };
  // tests/golden/make_sweep.py searches
  constexpr std::array rows{Row{1, -1, 174, -1.25, 182}, Row{11, -1.40625, 207, -1.75, 206},
                            Row{21, -0.6875, 194, -0.625, 193}};
  for (const Row& row : rows) {
    CAPTURE(row.seed);
    const Set train = make(40, row.seed), validation = make(300, row.seed + 1);
    for (const bool warm : {false, true}) {
      CAPTURE(warm);
      ProbeSweepOptions options{.protocol = ProbeSweep::coop, .tolerance = 1e-9, .warm_starts = warm};
      const auto coop =
          sweep_linear_probe(train.features, train.labels, validation.features, validation.labels, options, one_thread);
      CHECK(std::log10(coop.value) == doctest::Approx(row.coop));
      CHECK(std::lround(300 * coop.accuracy) == row.coop_right);
      CHECK(accuracy_of(coop.probe, validation.features, validation.labels) == coop.accuracy);  // not trained again
      CHECK(coop.trials.size() <= 16);

      options.protocol = ProbeSweep::clip;
      const auto chosen =
          sweep_linear_probe(train.features, train.labels, validation.features, validation.labels, options, one_thread);
      CHECK(std::log10(chosen.value) == doctest::Approx(row.clip));
      CHECK(std::lround(300 * chosen.accuracy) == row.clip_right);
      CHECK(chosen.trials.size() <= 15);
      const auto all = detail::rows_of_both(train.features, validation.features);
      std::vector<std::string> labels = train.labels;
      labels.insert(labels.end(), validation.labels.begin(), validation.labels.end());
      const auto again =
          fit_linear_probe(all, labels, {.C = chosen.value, .max_iterations = 1000, .tolerance = 1e-9}, one_thread);
      CHECK(again.fit.coefficients == chosen.fit.coefficients);
    }
  }
}

TEST_CASE("the search finds the peak of any hill in at most 15 trials, and the first of equal ones") {
  for (std::size_t peak = 0; peak < 97; ++peak) {
    CAPTURE(peak);
    std::set<std::size_t> asked;
    const auto found = detail::search_peak([&](std::size_t point) {
      asked.insert(point);
      return -std::abs(static_cast<double>(point) - static_cast<double>(peak) - 0.1);
    });
    CHECK(found == peak);
    CHECK(asked.size() <= 15);
  }
  CHECK(detail::search_peak([](std::size_t) { return 0.5; }) == 0);
}

TEST_CASE("AdamW of full batches ends where PyTorch's does") {
  const Set set = make(30, 3, 6);
  const auto [probe, fit] = fit_probe_by_adamw(
      set.features, set.labels, {.weight_decay = 0.3, .epochs = 20, .batch = 100, .seed = 7}, one_thread);
  // tests/golden/make_sweep.py adamw
  constexpr std::array weight{0.92196352546,   0.236133370822,  -0.459854438423, 0.022755369886,  -0.513046317391,
                              -0.699231566863, -0.85946120912,  0.666588505602,  -0.063521557188, 0.083398214883,
                              -0.016429308226, -0.452254220939, 0.541485263555,  -0.888361921111, 0.886210863312,
                              -0.572752076706, 0.686943356661,  0.995911430851};
  constexpr std::array bias{0.09782032134, -0.026134875022, -0.234458529377};
  REQUIRE(fit.coefficients.size() == weight.size());
  for (std::size_t i = 0; i < weight.size(); ++i) CHECK(std::abs(fit.coefficients[i] - weight[i]) < 1e-9);
  for (std::size_t i = 0; i < bias.size(); ++i) CHECK(std::abs(probe.intercepts[i] - bias[i]) < 1e-9);
  CHECK(std::abs(fit.objective - 0.757033886507185) < 1e-9);
}

TEST_CASE("CLIP_benchmark's sweep is reproducible, and its batches cover every image") {
  const Set train = make(40, 1), validation = make(60, 2);
  const ProbeSweepOptions options{.protocol = ProbeSweep::clip_benchmark, .adamw = {.epochs = 4, .batch = 16}};
  const auto one =
      sweep_linear_probe(train.features, train.labels, validation.features, validation.labels, options, one_thread);
  const auto two =
      sweep_linear_probe(train.features, train.labels, validation.features, validation.labels, options, one_thread);
  CHECK(one.fit.coefficients == two.fit.coefficients);
  CHECK(one.fit.iterations == 4 * 7);  // 100 images
  CHECK(one.trials.front().value == doctest::Approx(1e-6));
  for (const ProbeTrial& trial : one.trials) CHECK(trial.accuracy <= one.accuracy);

  // Of two images in batches of one, each is seen: its own class is learned.
  Features<double, dyn> pair{2, Size<dyn>{1}};
  pair[0][0] = 1;
  pair[1][0] = -1;
  const std::vector<std::string> labels{"a", "b"};
  const auto fitted = fit_probe_by_adamw(pair, labels, {.batch = 1}, one_thread);
  CHECK(fitted.probe.predict(pair) == labels);
}

TEST_CASE("a sweep refuses what cannot be before it fits") {
  const Set train = make(12, 1), validation = make(9, 2);
  const auto sweep = [&](const Set& a, const Set& b) {
    return sweep_linear_probe(a.features, a.labels, b.features, b.labels, {}, one_thread);
  };
  CHECK_THROWS_WITH_AS((void)sweep(train, make(9, 2, 23)),
                       "probe sweep: width of validation features: expected 24, found 23", ShapeError);
  CHECK_THROWS_AS((void)sweep(train, Set{Features<double, dyn>{0, Size<dyn>{24}}, {}}), ShapeError);
  Set wrong = validation;
  wrong.labels.pop_back();
  CHECK_THROWS_WITH_AS((void)sweep(train, wrong), "probe sweep: labels of validation features: expected 9, found 8",
                       ShapeError);
  wrong = validation;
  wrong.features[2][1] = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS((void)sweep(train, wrong), NumericError);
  wrong = train;
  std::ranges::fill(wrong.labels, "one");
  CHECK_THROWS_AS((void)sweep(wrong, validation), InputError);
  CHECK_THROWS_AS((void)fit_probe_by_adamw(train.features, train.labels, {.batch = 0}, one_thread), OptionError);
  CHECK_THROWS_AS((void)fit_probe_by_adamw(train.features, train.labels, {.learning_rate = -1}, one_thread),
                  OptionError);

  Set unknown = validation;  // a class that training does not have counts as wrong
  unknown.labels.assign(unknown.labels.size(), "never seen");
  CHECK(sweep(train, unknown).accuracy == 0);
}
