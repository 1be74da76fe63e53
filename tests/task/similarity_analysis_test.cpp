#include <clip/backend/naive.hpp>
#include <clip/core/rng.hpp>
#include <clip/io/json.hpp>
#include <clip/task/similarity_report.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <vector>

using namespace clip;

namespace {

using Vectors = Features<double, dyn>;

Vectors vectors(std::initializer_list<std::initializer_list<double>> rows) {
  Vectors v{static_cast<Index>(rows.size()), static_cast<Index>(rows.begin()->size())};
  Index i = 0;
  for (const auto& row : rows) std::copy(row.begin(), row.end(), v[i++].begin());
  return v;
}
Vectors random_vectors(Index n, Index width, std::uint64_t seed, double offset = 0) {
  Vectors v{n, width};
  Rng rng{seed};
  for (double& x : v.values()) x = rng.normal() + offset;
  return v;
}

}  // namespace

TEST_CASE("nearest texts and images are those of the rows and columns of the cosines, nearest first") {
  const Vectors images = vectors({{1, 0}, {0, 2}, {3, 3}}), texts = vectors({{0, 1}, {5, 0}});
  const auto cosines = similarities(Naive<double>{}, images, texts);
  const auto of_images = nearest_texts(cosines, 5);
  REQUIRE(of_images.size() == 3);
  REQUIRE(of_images[0].size() == 2);
  CHECK(of_images[0][0].index == 1);
  CHECK(of_images[0][0].cosine == doctest::Approx(1));
  CHECK(of_images[0][1].cosine == doctest::Approx(0));
  CHECK(of_images[1][0].index == 0);
  const auto of_texts = nearest_images(cosines, 2);
  REQUIRE(of_texts.size() == 2);
  REQUIRE(of_texts[0].size() == 2);
  CHECK(of_texts[0][0].index == 1);
  CHECK(of_texts[0][1].index == 2);
  CHECK(of_texts[0][1].cosine == doctest::Approx(std::sqrt(0.5)));
  CHECK_THROWS_AS(nearest_texts(cosines, 0), OptionError);

  const auto scaled = logits(cosines, 10, -1);
  CHECK(scaled.view()(2, 1) == doctest::Approx(10 * std::sqrt(0.5) - 1));
}

TEST_CASE("the modality gap is the distance between the means of unit features") {
  const Vectors images = vectors({{3, 4}, {3, -4}}), texts = vectors({{-2, 0}, {-7, 0}});  // means (0.6, 0) and (-1, 0)
  const ModalityGap gap = modality_gap(images, texts);
  CHECK(gap.distance == doctest::Approx(1.6));
  CHECK(gap.cosine_of_means == doctest::Approx(-1));
  CHECK(gap.image_mean_length == doctest::Approx(0.6));
  CHECK(gap.text_mean_length == doctest::Approx(1));
  CHECK(gap.direction()[0] == doctest::Approx(1.6));
  CHECK(gap.direction()[1] == doctest::Approx(0));
  CHECK(modality_gap(images, images).distance == doctest::Approx(0));
  CHECK_THROWS_AS(modality_gap(images, vectors({{1, 2, 3}})), ShapeError);
  CHECK_THROWS_AS(modality_gap(images, Vectors{0, 2}), ShapeError);
  CHECK_THROWS_AS(modality_gap(images, vectors({{0, 0}})), NumericError);
}

TEST_CASE("centred directions have unit length and little gap left") {
  const Vectors images = random_vectors(40, 8, 1, 1.5), texts = random_vectors(30, 8, 2, -1.5);
  const Vectors a = centred(images), b = centred(texts);
  for (Index i = 0; i < a.size(); ++i) {
    double squares = 0;
    for (const double x : a[i]) squares += x * x;
    CHECK(squares == doctest::Approx(1));
  }
  CHECK(modality_gap(images, texts).distance > 1);
  CHECK(modality_gap(a, b).distance < 0.3);
}

TEST_CASE("alignment, pair cosine and uniformity are Wang and Isola's formulas") {
  const Vectors x = random_vectors(7, 5, 3), y = random_vectors(7, 5, 4);
  const Vectors a = normalized(x), b = normalized(y);
  double cosine = 0, cubes = 0, kernel = 0;
  for (Index i = 0; i < 7; ++i) {
    double dot = 0, squares = 0;
    for (std::size_t d = 0; d < 5; ++d) {
      dot += a[i][d] * b[i][d];
      squares += (a[i][d] - b[i][d]) * (a[i][d] - b[i][d]);
    }
    cosine += dot / 7;
    cubes += std::pow(std::sqrt(squares), 3) / 7;
    for (Index j = 0; j < 7; ++j)
      if (j != i) {
        double between = 0;
        for (std::size_t d = 0; d < 5; ++d) between += (a[i][d] - a[j][d]) * (a[i][d] - a[j][d]);
        kernel += std::exp(-3 * between) / (7 * 6);
      }
  }
  CHECK(mean_pair_cosine(x, y) == doctest::Approx(cosine));
  CHECK(alignment(x, y) == doctest::Approx(2 - 2 * cosine));
  CHECK(alignment(x, y, 3) == doctest::Approx(cubes));
  CHECK(alignment(x, x) == doctest::Approx(0));
  CHECK(uniformity(x, 3) == doctest::Approx(std::log(kernel)));
  CHECK(uniformity(vectors({{1, 0}, {-9, 0}})) == doctest::Approx(-8));  // -2 · ‖2‖²
  CHECK_THROWS_AS(uniformity(vectors({{1, 0}})), ShapeError);
  CHECK_THROWS_AS(alignment(x, random_vectors(6, 5, 4)), ShapeError);
  CHECK_THROWS_AS(mean_pair_cosine(x, random_vectors(6, 5, 4)), ShapeError);
}

TEST_CASE("a report has every cosine and logit, and is JSON and CSV") {
  Features<float, dyn> images{2, 2}, texts{2, 2};
  std::ranges::copy(std::vector<float>{1, 0, 0, 2}, images.values().begin());
  std::ranges::copy(std::vector<float>{0, 1, 3, 4}, texts.values().begin());
  const auto r = similarity_report(Naive<float>{}, {"a.png", "b, c.png"}, {"up", "a \"slope\""}, images, texts,
                                   {.nearest = 1, .paired = true, .temperature = 10, .bias = -2});
  CHECK(to_csv(r) == "image,up,\"a \"\"slope\"\"\"\r\na.png,0,0.6\r\n\"b, c.png\",1,0.8\r\n");
  const Json json = to_json(r);
  CHECK(json["cosines"][0][1].get<double>() == 0.6);
  CHECK(json["logits"][1][1].get<double>() == doctest::Approx(6));
  CHECK(json["nearest_texts"][0][0]["name"] == "a \"slope\"");
  CHECK(json["nearest_images"][1][0]["index"] == 1);
  CHECK(json["mean_cosine"].get<double>() == doctest::Approx(0.6));
  CHECK(json["pair_cosine"].get<double>() == doctest::Approx(0.4));
  CHECK(json["alignment"].get<double>() == doctest::Approx(1.2));
  CHECK(json["modality_gap"]["distance"].get<double>() == doctest::Approx(modality_gap(images, texts).distance));
  const auto alone = similarity_report(Naive<float>{}, {"a.png", "b.png"}, {"up"}, images, [] {
    Features<float, dyn> one{1, 2};
    one.values()[1] = 1;
    return one;
  }());
  const Json unknown = to_json(alone);
  CHECK(unknown["text_uniformity"].is_null());
  CHECK(unknown["alignment"].is_null());
  CHECK_THROWS_AS(similarity_report(Naive<float>{}, {"a.png"}, {"up"}, images, texts), ShapeError);
}
