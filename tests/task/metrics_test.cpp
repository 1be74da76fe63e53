#include <clip/core/rng.hpp>
#include <clip/task/metrics.hpp>
#include <clip/task/top.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <numeric>
#include <vector>

using namespace clip;

namespace {

/// The numbers of tests/golden/make_metrics.py.
struct Case {
  static constexpr Index images = 90, classes = 7;
  std::vector<double> scores;
  std::vector<std::int32_t> labels;
  std::vector<std::uint8_t> belongs;

  View<const double> view() const { return {scores.data(), images, classes}; }
};

Case make() {
  Case made;
  Rng rng{3};
  for (Index i = 0; i < Case::images * Case::classes; ++i) made.scores.push_back(rng.uniform());
  for (Index i = 0; i < Case::images; ++i) {
    made.labels.push_back(static_cast<std::int32_t>(rng.below(6)));
    made.scores[static_cast<std::size_t>(i * Case::classes + made.labels.back())] += 0.25;
  }
  for (Index i = 0; i < Case::images * Case::classes; ++i) made.belongs.push_back(rng.uniform() < 0.3 ? 1 : 0);
  for (std::size_t i = 0; i < made.belongs.size(); i += Case::classes) made.belongs[i] = i == 0 ? 1 : 0;
  for (std::size_t i = 0; i < made.belongs.size(); ++i) made.scores[i] += 0.2 * made.belongs[i];
  return made;
}

Features<float, dyn> random_features(Index n, std::uint64_t seed) {
  Features<float, dyn> features{n, Size<dyn>{5}};
  Rng rng{seed};
  for (float& x : features.values()) x = static_cast<float>(rng.normal());
  return features;
}

}  // namespace

TEST_CASE("top-k accuracy, recall of classes and average precision equal scikit-learn's") {
  const Case made = make();
  CHECK(top_k_accuracy(made.view(), made.labels, 1) == doctest::Approx(0.32222222222222224).epsilon(1e-14));
  CHECK(top_k_accuracy(made.view(), made.labels, 2) == doctest::Approx(0.4666666666666667).epsilon(1e-14));
  CHECK(top_k_accuracy(made.view(), made.labels, 5) == doctest::Approx(0.9).epsilon(1e-14));
  CHECK(top_k_accuracy(made.view(), made.labels, 7) == 1);
  CHECK(mean_per_class_recall(made.view(), made.labels) == doctest::Approx(0.3261710239651416).epsilon(1e-14));

  constexpr std::array expected{0.25,
                                0.603276543532181,
                                0.593803981116305,
                                0.594763901386276,
                                0.554276514074904,
                                0.519561213328606,
                                0.685460766656082};
  const auto found = average_precisions(made.view(), made.belongs);
  REQUIRE(found.size() == expected.size());
  double sum = 0;
  for (std::size_t c = 0; c < expected.size(); ++c) {
    CHECK(found[c] == doctest::Approx(expected[c]).epsilon(1e-13));
    sum += expected[c];
  }
  CHECK(mean_average_precision(made.view(), made.belongs) == doctest::Approx(sum / 7).epsilon(1e-13));
}

TEST_CASE("equal scores count in the order of the classes; rare classes count as CLIP_benchmark counts them") {
  const std::vector<float> equal{1, 1, 1, 1, 1, 1};
  const View<const float> scores{equal.data(), 2, 3};
  const std::vector<std::int32_t> labels{1, 2};
  CHECK(top_k_accuracy(scores, labels, 1) == 0);
  CHECK(top_k_accuracy(scores, labels, 2) == 0.5);
  CHECK(top_k_accuracy(scores, labels, 3) == 1);
  const ClassificationMetrics all = classification_metrics(scores, labels);
  CHECK(all.acc1 == 0);
  CHECK(std::isnan(all.acc5));  // three classes
  const std::vector<std::uint8_t> belongs{0, 1, 0, 1, 0, 0};
  CHECK(average_precisions(scores, belongs) == std::vector<double>{0.5, 1, 0});
}

TEST_CASE("recall of retrieval with any number of captions equals sorting, and that of equal numbers") {
  const auto images = random_features(12, 1), texts = random_features(40, 2);
  Rng rng{3};
  std::vector<std::int32_t> image_of;
  for (Index t = 0; t < texts.size(); ++t)
    image_of.push_back(static_cast<std::int32_t>(rng.below(11)));  // 11: no caption
  const std::vector<Index> ks{1, 3, 5, 50};
  const auto recalls = retrieval_recalls(images, texts, image_of, ks);
  REQUIRE(recalls.size() == ks.size());
  const auto cosines = similarities(images, texts);
  for (std::size_t r = 0; r < ks.size(); ++r) {
    Index of_images = 0, of_texts = 0;
    for (Index i = 0; i < images.size(); ++i) {
      const auto nearest = top(cosines[i], ks[r]);
      of_images += std::ranges::any_of(nearest, [&](Index t) { return image_of[static_cast<std::size_t>(t)] == i; });
    }
    for (Index t = 0; t < texts.size(); ++t) {
      std::vector<float> column;
      for (Index i = 0; i < images.size(); ++i) column.push_back(cosines(i, t));
      const auto nearest = top<float>(column, ks[r]);
      of_texts += std::ranges::count(nearest, image_of[static_cast<std::size_t>(t)]);
    }
    CHECK(recalls[r].k == ks[r]);
    CHECK(recalls[r].text == static_cast<double>(of_images) / 12);
    CHECK(recalls[r].image == static_cast<double>(of_texts) / 40);
  }
  CHECK(recalls.back().text == doctest::Approx(11.0 / 12));

  std::vector<std::int32_t> even;
  const auto pairs = random_features(24, 4);
  for (std::int32_t t = 0; t < 24; ++t) even.push_back(t / 2);
  const Retrieval known = retrieval(images, pairs, 2);
  const auto same = retrieval_recalls(images, pairs, even, std::vector<Index>{5});
  CHECK(100 * same[0].text == doctest::Approx(known.text.at_5));
  CHECK(100 * same[0].image == doctest::Approx(known.image.at_5));
}

TEST_CASE("recall of retrieval with ties: of equally similar answers the first counts, as in a stable sort") {
  const auto kinds = [](Index n) {  // unit vectors of four directions: cosines are 0 or 1
    auto rows = random_features(n, 1);
    for (float& x : rows.values()) x = 0;
    for (Index i = 0; i < n; ++i) rows[i][static_cast<std::size_t>(i % 4)] = 1;
    return rows;
  };
  const auto images = kinds(10), texts = kinds(23);
  Rng rng{5};
  std::vector<std::int32_t> image_of;
  for (Index t = 0; t < texts.size(); ++t) image_of.push_back(static_cast<std::int32_t>(rng.below(10)));
  const std::vector<Index> ks{1, 2, 4, 7};
  const auto recalls = retrieval_recalls(images, texts, image_of, ks);
  const auto answered = [](Index query, Index candidates, Index k, auto correct) {
    std::vector<Index> order(static_cast<std::size_t>(candidates));
    std::iota(order.begin(), order.end(), Index{0});
    std::ranges::stable_sort(order, std::greater{}, [&](Index c) { return c % 4 == query % 4; });
    return std::any_of(order.begin(), order.begin() + k, correct);
  };
  for (std::size_t r = 0; r < ks.size(); ++r) {
    Index of_images = 0, of_texts = 0;
    for (Index i = 0; i < 10; ++i)
      of_images += answered(i, 23, ks[r], [&](Index t) { return image_of[static_cast<std::size_t>(t)] == i; });
    for (Index t = 0; t < 23; ++t)
      of_texts += answered(t, 10, ks[r], [&](Index i) { return image_of[static_cast<std::size_t>(t)] == i; });
    CHECK(recalls[r].text == static_cast<double>(of_images) / 10);
    CHECK(recalls[r].image == static_cast<double>(of_texts) / 23);
  }
}

TEST_CASE("what has no metric is refused") {
  Case made = make();
  made.labels[3] = 7;
  CHECK_THROWS_WITH_AS((void)top_k_accuracy(made.view(), made.labels, 1),
                       "top-k accuracy: label 3: expected 0 to 6, found 7", InputError);
  made = make();
  CHECK_THROWS_AS((void)top_k_accuracy(made.view(), made.labels, 0), OptionError);
  made.scores[9] = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS((void)mean_per_class_recall(made.view(), made.labels), NumericError);
  CHECK_THROWS_AS((void)average_precisions(made.view(), made.belongs), NumericError);
  made.labels.pop_back();
  made.belongs.pop_back();
  CHECK_THROWS_AS((void)mean_per_class_recall(made.view(), made.labels), ShapeError);
  CHECK_THROWS_AS((void)average_precisions(made.view(), made.belongs), ShapeError);

  const auto images = random_features(3, 1), texts = random_features(4, 2);
  const std::vector<Index> ks{1}, none{0};
  CHECK_THROWS_AS((void)retrieval_recalls(images, texts, std::vector<std::int32_t>{0, 1, 2}, ks), ShapeError);
  CHECK_THROWS_AS((void)retrieval_recalls(images, texts, std::vector<std::int32_t>{0, 1, 2, 3}, ks), InputError);
  CHECK_THROWS_AS((void)retrieval_recalls(images, texts, std::vector<std::int32_t>{0, 1, 2, 0}, none), OptionError);
}
