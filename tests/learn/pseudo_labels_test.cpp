#include <clip/learn/pseudo_labels.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <vector>

using namespace clip;

namespace {

// Rows of six images, three classes.
const std::vector<float> probabilities{0.7f, 0.2f,  0.1f,    // 0: class 0
                                       0.5f, 0.4f,  0.1f,    // 1: class 0
                                       0.9f, 0.05f, 0.05f,   // 2: class 0
                                       0.1f, 0.6f,  0.3f,    // 3: class 1
                                       0.4f, 0.3f,  0.3f,    // 4: class 0
                                       0.7f, 0.15f, 0.15f};  // 5: class 0, as probable as 0
const View<const float> p{probabilities.data(), 6, 3};

std::vector<Index> images_of(const std::vector<PseudoLabel>& labels) {
  std::vector<Index> images;
  for (const PseudoLabel& label : labels) images.push_back(label.image);
  return images;
}

}  // namespace

TEST_CASE("of each class the most probable images are taken, equal ones in order") {
  const auto two = pseudo_labels_per_class(p, 2);
  CHECK(images_of(two) == std::vector<Index>{2, 0, 3});  // no image is of class 2
  CHECK(two[0].label == 0);
  CHECK(two[2].label == 1);
  CHECK(two[1].confidence == doctest::Approx(0.7));
  CHECK(images_of(pseudo_labels_per_class(p, 99)) == std::vector<Index>{2, 0, 5, 1, 4, 3});
  // Also where another class is more probable: every class has as many.
  CHECK(images_of(pseudo_labels_per_class(p, 2, false)) == std::vector<Index>{2, 0, 3, 1, 3, 4});
}

TEST_CASE("a threshold takes every image that reaches it") {
  CHECK(images_of(pseudo_labels_above(p, 0)) == std::vector<Index>{0, 1, 2, 3, 4, 5});
  CHECK(images_of(pseudo_labels_above(p, 0.5)) == std::vector<Index>{0, 1, 2, 3, 5});
  CHECK(pseudo_labels_above(p, 1).empty());
}

TEST_CASE("the table by threshold counts what is left, and what of it is true") {
  const std::vector<std::int32_t> truth{0, 1, 0, 1, 0, 2};
  const auto labels = pseudo_labels_above(p, 0);
  CHECK(accuracy(labels, truth) == doctest::Approx(4.0 / 6));
  const auto rows = accuracy_by_threshold(labels, truth, std::vector<double>{0, 0.55, 0.8, 0.95});
  REQUIRE(rows.size() == 4);
  CHECK(rows[0].count == 6);
  CHECK(rows[1].count == 4);
  CHECK(rows[1].accuracy == doctest::Approx(3.0 / 4));
  CHECK(rows[2].count == 1);
  CHECK(rows[2].accuracy == 1);
  CHECK(rows[3].count == 0);
  CHECK(std::isnan(rows[3].accuracy));
}

TEST_CASE("what cannot be a pseudo-label is refused") {
  CHECK_THROWS_AS((void)pseudo_labels_per_class(p, 0), OptionError);
  CHECK_THROWS_AS((void)pseudo_labels_above(p, 1.5), OptionError);
  const std::vector<float> logits{3, -1};
  CHECK_THROWS_WITH_AS((void)pseudo_labels_above(View<const float>{logits.data(), 1, 2}, 0.5),
                       "pseudo-labels: probabilities of row 0: expected 0 to 1, found 3", NumericError);
  CHECK_THROWS_AS((void)accuracy(pseudo_labels_above(p, 0), std::vector<std::int32_t>{0, 1}), ShapeError);
}
