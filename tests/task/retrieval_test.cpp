#include <clip/core/rng.hpp>
#include <clip/task/retrieval.hpp>

#include "../support/counting.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <vector>

using namespace clip;

namespace {

using Vectors = Features<float, dyn>;

Vectors random_features(Index n, Index width, std::uint64_t seed) {
  Vectors features{n, width};
  Rng rng{seed};
  for (float& x : features.values()) x = static_cast<float>(rng.normal());
  return features;
}

/// k captions per image, with roughly the direction of its features.
Vectors captions_of(const Vectors& images, Index k, double noise, std::uint64_t seed) {
  Vectors texts = random_features(images.size() * k, images.width(), seed);
  for (Index t = 0; t < texts.size(); ++t)
    for (std::size_t d = 0; d < static_cast<std::size_t>(images.width()); ++d)
      texts[t][d] = images[t / k][d] + static_cast<float>(noise) * texts[t][d];
  return texts;
}

double cosine(std::span<const float> a, std::span<const float> b) {
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += double{a[i]} * b[i];
    aa += double{a[i]} * a[i];
    bb += double{b[i]} * b[i];
  }
  return ab / std::sqrt(aa * bb);
}

/// By the definition: sort all candidates, look for an answer among the first K.
template <class IsAnswer>
double recall_by_sorting(const Vectors& queries, const Vectors& candidates, Index k, IsAnswer is_answer) {
  Index hits = 0;
  for (Index q = 0; q < queries.size(); ++q) {
    std::vector<double> row;
    for (Index c = 0; c < candidates.size(); ++c) row.push_back(cosine(queries[q], candidates[c]));
    bool hit = false;
    for (const Index c : top<double>(row, k)) hit = hit || is_answer(q, c);
    hits += hit ? 1 : 0;
  }
  return 100.0 * static_cast<double>(hits) / static_cast<double>(queries.size());
}

}  // namespace

TEST_CASE("mean, total and sum of a published result are as printed there") {
  const Retrieval r{{15.00, 33.12, 44.13}, {12.578, 36.10, 51.70}};  // printed to two digits: an error of at most 0.002
  CHECK(r.sum() == doctest::Approx(192.628));
  CHECK(r.in_words() ==
        "Text Retrieval: R1:15.00 R5:33.12 R10:44.13 mR:30.75| Image Retrieval: R1:12.58 R5:36.10 R10:51.70 mR:33.46 | "
        "total mR:32.10 sum:192.63");
}

TEST_CASE("captions with the direction of only their image retrieve it, and it retrieves them") {
  const Vectors images = random_features(300, 16, 1);
  CHECK(retrieval(images, captions_of(images, 5, 0, 2)).sum() == doctest::Approx(600));
}

TEST_CASE("recall equals that of sorting all cosines, with several captions and with one") {
  for (const Index k : {1, 3, 5}) {
    const Vectors images = random_features(140, 12, 3), texts = captions_of(images, k, 1.5, 4);
    const Retrieval r = retrieval(images, texts, k);
    const auto text_of_image = [&](Index i, Index t) { return t / k == i; };
    const auto image_of_text = [&](Index t, Index i) { return t / k == i; };
    CHECK(r.text.at_1 == doctest::Approx(recall_by_sorting(images, texts, 1, text_of_image)));
    CHECK(r.text.at_5 == doctest::Approx(recall_by_sorting(images, texts, 5, text_of_image)));
    CHECK(r.text.at_10 == doctest::Approx(recall_by_sorting(images, texts, 10, text_of_image)));
    CHECK(r.image.at_1 == doctest::Approx(recall_by_sorting(texts, images, 1, image_of_text)));
    CHECK(r.image.at_5 == doctest::Approx(recall_by_sorting(texts, images, 5, image_of_text)));
    CHECK(r.image.at_10 == doctest::Approx(recall_by_sorting(texts, images, 10, image_of_text)));
    CHECK(r.text.at_1 > 0);
    CHECK(r.text.at_10 < 100);
  }
}

TEST_CASE("equal candidates are ranked by index") {
  Vectors images{20, 2}, texts{20, 2};
  for (float& x : images.values()) x = 1;
  for (float& x : texts.values()) x = 2;
  const Retrieval r = retrieval(images, texts, 1);
  CHECK(r.text.at_1 == doctest::Approx(5));
  CHECK(r.text.at_5 == doctest::Approx(25));
  CHECK(r.text.at_10 == doctest::Approx(50));
  CHECK(r.image.at_5 == doctest::Approx(25));
}

TEST_CASE("cosines of a retrieval are computed where the model is") {
  const Vectors images = random_features(150, 8, 5), texts = captions_of(images, 2, 1, 6);  // two blocks of queries
  testing::Counting<float> device;
  CHECK(retrieval(device, images, texts, 2).in_words() == retrieval(images, texts, 2).in_words());
  CHECK(device.calls().count("linear") == 2 + 3);  // blocks of 128 images, and of texts
  CHECK(device.calls().count("upload") == 2 + 5);  // the candidates of each direction once
}

TEST_CASE("the length of features does not matter") {
  const Vectors images = random_features(50, 8, 5), texts = captions_of(images, 5, 1, 6);
  Vectors longer = images;
  for (Index i = 0; i < longer.size(); ++i)
    for (float& x : longer[i]) x *= static_cast<float>(1 << i % 5);
  CHECK(retrieval(longer, texts).in_words() == retrieval(images, texts).in_words());
}

TEST_CASE("mismatched and non-finite features are errors") {
  Vectors images = random_features(4, 8, 7);
  const Vectors texts = random_features(20, 8, 8);
  CHECK_THROWS_WITH_AS(retrieval(images, random_features(19, 8, 9)),
                       "retrieval: texts: expected 5 for each of 4 images, found 19", ShapeError);
  CHECK_THROWS_WITH_AS(retrieval(images, random_features(20, 7, 9)), "retrieval: width of texts: expected 8, found 7",
                       ShapeError);
  CHECK_THROWS_AS(retrieval(images, texts, 0), OptionError);
  CHECK_THROWS_AS(retrieval(Vectors{0, 8}, Vectors{0, 8}), ShapeError);
  images[2][3] = NAN;
  CHECK_THROWS_WITH_AS(retrieval(images, texts), "retrieval: image 2: features that are zero or not finite",
                       NumericError);
  for (float& x : images[2]) x = 0;
  CHECK_THROWS_AS(retrieval(images, texts), NumericError);
}
