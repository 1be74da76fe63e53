// Probes against scikit-learn's LogisticRegression: tests/golden/make_probe.py made the numbers.
#include <clip/formats/npz.hpp>
#include <clip/io/mapped_file.hpp>
#include <clip/learn/linear_probe.hpp>
#include <clip/learn/probe_file.hpp>

#include "../io/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

using namespace clip;

namespace {

class Golden {
 public:
  Golden() : file_{try_map_file(path).value()}, npz_{try_parse_npz(file_.bytes(), path).value()} {}

  std::vector<double> operator()(const std::string& name) const { return values(find(name)); }

  template <class T>
  Features<T, dyn> features(const std::string& name) const {
    const StoredTensor& x = find(name + ".x");
    Features<T, dyn> features{x.shape.at(0), x.shape.at(1)};
    const std::vector<double> numbers = values(x);
    for (std::size_t i = 0; i < numbers.size(); ++i) features.values()[i] = static_cast<T>(numbers[i]);
    return features;
  }
  std::vector<std::int64_t> labels(const std::string& name) const {
    const std::vector<double> numbers = (*this)(name + ".y");
    return {numbers.begin(), numbers.end()};
  }

 private:
  static constexpr const char* path = CLIP_SOURCE_DIR "/tests/learn/files/probe.npz";

  const StoredTensor& find(const std::string& name) const {
    for (const StoredTensor& array : npz_.arrays)
      if (array.name == name) return array;
    FAIL("no array ", name);
    return npz_.arrays.front();
  }
  static std::vector<double> values(const StoredTensor& array) {
    std::vector<double> numbers(static_cast<std::size_t>(array.count()));
    convert(array, std::span<double>(numbers));
    return numbers;
  }
  MappedFile file_;
  NpzFile npz_;
};

struct Case {
  const char* name;
  LinearProbeOptions options;
};

std::vector<Case> cases() {
  return {{"three", {.C = 0.316}},
          {"two", {.C = 2}},
          {"flat", {.C = 10, .intercept = false}},
          {"weighted", {.C = 1, .class_weights = {0.5, 1, 2}}},
          {"balanced", {.C = 1, .balanced = true}},
          {"separable", {.C = 100}},
          {"few", {.C = 0.5}}};
}

/// As scikit-learn has them: one row for two classes.
std::vector<double> rows_of(const std::vector<double>& numbers, std::size_t classes) {
  if (classes != 2) return numbers;
  const std::size_t n = numbers.size() / 2;
  std::vector<double> row(n);
  for (std::size_t j = 0; j < n; ++j) row[j] = numbers[n + j] - numbers[j];
  return row;
}

}  // namespace

TEST_CASE("a probe in double finds scikit-learn's minimum, coefficients and intercepts") {
  const Golden golden;
  for (Case c : cases()) {
    CAPTURE(c.name);
    c.options.tolerance = 1e-10;
    const std::string name = c.name;
    const auto [probe, fit] = fit_linear_probe(golden.features<double>(name), golden.labels(name), c.options);
    CHECK(fit.converged);
    CHECK(fit.objective == doctest::Approx(golden(name + ".objective").at(0)).epsilon(1e-11));
    const auto coefficients = rows_of(probe.coefficients, probe.classes.size());
    const auto expected = golden(name + ".coef_");
    REQUIRE(coefficients.size() == expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) CHECK(std::abs(coefficients[i] - expected[i]) < 1e-6);
    if (!c.options.intercept) continue;
    const auto intercepts = rows_of(probe.intercepts, probe.classes.size()), offsets = golden(name + ".intercept_");
    REQUIRE(intercepts.size() == offsets.size());
    const double shift = intercepts[0] - offsets[0];  // of all classes, which changes no probability
    for (std::size_t i = 0; i < offsets.size(); ++i)
      CHECK(std::abs(intercepts[i] - offsets[i] - (offsets.size() > 1 ? shift : 0)) < 1e-5);
  }
}

TEST_CASE("a probe in float reaches the same minimum within 1e-6 of it, in few passes") {
  const Golden golden;
  for (const Case& c : cases()) {
    CAPTURE(c.name);
    const std::string name = c.name;
    const auto [probe, fit] = fit_linear_probe(golden.features<float>(name), golden.labels(name), c.options);
    CHECK(fit.converged);
    CHECK(fit.objective < golden(name + ".objective").at(0) * (1 + 1e-6));
    CHECK(fit.evaluations < 60);
  }
}

TEST_CASE("the gradient of the logistic loss is its derivative, with weights and intercepts") {
  const Golden golden;
  const auto x = golden.features<double>("weighted");
  std::vector<std::int32_t> labels;
  for (const std::int64_t label : golden.labels("weighted")) labels.push_back(label < 0 ? 0 : label == 5 ? 1 : 2);
  for (const bool intercept : {true, false}) {
    LogisticLoss<double> loss{Cpu<double>{}, x.view(), labels, {0.5, 1, 2}, 0.01, intercept};
    std::vector<double> w(static_cast<std::size_t>(3 * loss.width())), gradient(w.size()), unused(w.size());
    for (std::size_t i = 0; i < w.size(); ++i) w[i] = std::sin(static_cast<double>(i));
    loss(w, gradient);
    for (std::size_t i = 0; i < w.size(); ++i) {
      const double kept = w[i], step = 1e-5;
      w[i] = kept + step;
      const double above = loss(w, unused);
      w[i] = kept - step;
      const double below = loss(w, unused);
      w[i] = kept;
      CHECK(std::abs((above - below) / (2 * step) - gradient[i]) < 1e-8);
    }
  }
}

TEST_CASE("a probe has the same bits on any number of threads") {
  const Golden golden;
  const auto x = golden.features<float>("three");
  const auto labels = golden.labels("three");
  const auto one = fit_linear_probe(x, labels, {}, Cpu<float>{{.threads = 1}});
  const auto four = fit_linear_probe(x, labels, {}, Cpu<float>{{.threads = 4}});
  CHECK(one.probe.coefficients == four.probe.coefficients);
  CHECK(one.probe.intercepts == four.probe.intercepts);
}

TEST_CASE("features of any finite scale, constant and absent ones train a probe") {
  const Golden golden;
  const auto labels = golden.labels("three");
  const auto plain = golden.features<float>("three");
  LinearProbeOptions loose{.C = 1e6};  // no penalty to speak of: the scale does not matter
  const auto expected = fit_linear_probe(plain, labels, loose).probe.predict(plain);
  for (const float scale : {1e-30f, 1e-6f, 1e6f, 1e30f}) {
    CAPTURE(scale);
    Features<float, dyn> x = plain;
    for (float& v : x.values()) v *= scale;
    loose.C = 1e6 / (static_cast<double>(scale) * static_cast<double>(scale));
    const auto [probe, fit] = fit_linear_probe(x, labels, loose);
    CHECK(probe.predict(x) == expected);
  }
  Features<float, dyn> constant{plain.size(), 3};
  for (Index i = 0; i < constant.size(); ++i) {
    constant[i][0] = plain[i][0];
    constant[i][1] = 5;
  }
  const auto [probe, fit] = fit_linear_probe(constant, labels);
  CHECK(fit.converged);
  for (std::size_t c = 0; c < 3; ++c) CHECK(probe.coefficients[3 * c + 2] == 0);
}

TEST_CASE("probabilities are positive, sum to one, and their largest is the prediction; labels may be words") {
  const Golden golden;
  const auto x = golden.features<float>("three");
  std::vector<std::string> labels;
  for (const std::int64_t y : golden.labels("three")) labels.push_back(y == 0 ? "zebra" : y == 1 ? "ant" : "lion");
  const auto [probe, fit] = fit_linear_probe(x, labels);
  CHECK(probe.classes == std::vector<std::string>{"ant", "lion", "zebra"});
  const auto p = probe.probabilities(x);
  const auto predicted = probe.predict(x);
  Index right = 0;
  for (Index i = 0; i < x.size(); ++i) {
    float sum = 0;
    std::size_t best = 0;
    for (std::size_t c = 0; c < 3; ++c) {
      sum += p.view()(i, static_cast<Index>(c));
      if (p.view()(i, static_cast<Index>(c)) > p.view()(i, static_cast<Index>(best))) best = c;
    }
    CHECK(sum == doctest::Approx(1));
    CHECK(predicted[static_cast<std::size_t>(i)] == probe.classes[best]);
    right += predicted[static_cast<std::size_t>(i)] == labels[static_cast<std::size_t>(i)];
  }
  CHECK(right > x.size() / 2);
}

TEST_CASE("a probe returns from its file with the same numbers, two classes as scikit-learn stores them") {
  const Golden golden;
  const TemporaryFolder folder;
  for (const std::string name : {"three", "two"})
    for (const std::string file : {"probe.npz", "probe.safetensors"}) {
      const auto x = golden.features<float>(name);
      const auto probe = fit_linear_probe(x, golden.labels(name)).probe;
      const std::string path = folder / file;
      save_probe(probe, path);
      const auto read = open_probe(path);
      CHECK(read.classes == probe.classes);
      CHECK(read.width == probe.width);
      CHECK(rows_of(read.coefficients, read.classes.size()) == rows_of(probe.coefficients, probe.classes.size()));
      CHECK(read.predict(x) == probe.predict(x));
    }
  CHECK_THROWS_AS(open_probe(CLIP_SOURCE_DIR "/tests/learn/files/probe.npz"), LoadError);
}

TEST_CASE("what no probe can be trained on is one sentence") {
  Features<float, dyn> x{4, 2};
  for (std::size_t i = 0; i < 8; ++i) x.values()[i] = static_cast<float>(i * i);
  const std::vector<std::int64_t> labels{1, 2, 1, 2};
  CHECK_THROWS_WITH_AS(fit_linear_probe(x, std::vector<std::int64_t>{1, 2, 1}),
                       "linear probe: labels: expected 4, found 3", ShapeError);
  CHECK_THROWS_WITH_AS(fit_linear_probe(x, std::vector<std::int64_t>{1, 1, 1, 1}),
                       "logistic regression: classes: expected 2 or more, found 1", InputError);
  CHECK_THROWS_WITH_AS(fit_linear_probe(x, labels, {.C = 0}),
                       "logistic regression: C: expected a positive number, found 0", OptionError);
  CHECK_THROWS_AS(fit_linear_probe(x, labels, {.tolerance = std::nan("")}), OptionError);
  CHECK_THROWS_AS(fit_linear_probe(x, labels, {.max_iterations = 0}), OptionError);
  CHECK_THROWS_AS(fit_linear_probe(x, labels, {.class_weights = {1, 1, 1}}), OptionError);
  CHECK_THROWS_AS(fit_linear_probe(x, labels, {.class_weights = {1, -1}}), OptionError);
  CHECK_THROWS_AS(fit_linear_probe(x, labels, {.class_weights = {1, 1}, .balanced = true}), OptionError);
  CHECK_THROWS_AS(fit_linear_probe(Features<float, dyn>{0, 2}, std::vector<std::int64_t>{}), InputError);
  x[2][1] = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH_AS(fit_linear_probe(x, labels),
                       "logistic regression: features of sample 2: expected finite numbers, found nan", NumericError);
}
