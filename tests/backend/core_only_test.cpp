// A backend with the core list alone encodes, and trains, with the fused primitives composed.
#include <clip/autograd/inference.hpp>
#include <clip/autograd/tape.hpp>
#include <clip/loss/contrastive.hpp>
#include <clip/model/model.hpp>
#include <clip/ops/patches.hpp>

#include "../support/core_only.hpp"
#include "../support/matrix.hpp"
#include "../support/small_models.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

namespace {
using namespace clip;
using namespace clip::testing;

template <class B>
struct Results {
  std::vector<double> images, texts, gradients;

  Results() {
    Model<Tiny, B> model{Rng{1}};
    const Images pixels = random_images(Tiny, 3, Rng{2});
    const Texts words = random_texts(Tiny, 3, Rng{3});
    const auto image = model.encode_image(pixels);
    const auto text = model.encode_text(words);
    images.assign(image.values().begin(), image.values().end());
    texts.assign(text.values().begin(), text.values().end());

    Parameters table{model};
    Tape tape{table};
    tape.backward(contrastive(tape, model.encode_image(tape, pixels), model.encode_text(tape, words), model.similarity,
                              words.groups()));
    for (const auto& e : table.entries()) {
      const auto values = values_of(table.backend(), View<const double>{e.gradient});
      gradients.insert(gradients.end(), values.begin(), values.end());
    }
  }
};
}  // namespace

TEST_CASE("a backend with the core list alone gives the features and gradients of one with fused primitives") {
  const Results<Naive<double>> fused;
  const Results<CoreOnly<double>> composed;
  const auto close = [](const Values& found, const Values& expected) {
    return max_difference(found, expected) <=
           ScalarTraits<double>::backend_tolerance * std::max(1.0, max_magnitude(expected));
  };
  CHECK(close(composed.images, fused.images));
  CHECK(composed.texts == fused.texts);
  CHECK(close(composed.gradients, fused.gradients));
}

TEST_CASE("composed patches are the patches, also of images that they do not cover") {
  Inference<CoreOnly<double>> composed;
  Inference<Naive<double>> fused;
  const auto values = [](auto& cx, Index size, Index patch) {
    const auto x = cx.allocate(2, Size<dyn>{3 * size * size});
    set_values(cx.backend(), x.view, random_values(Rng{4}, x.view.count()));
    const auto y = patches(cx, x, 3, size, patch, Size<dyn>{3 * patch * patch});
    return values_of(cx.backend(), View<const double>{y.view});
  };
  for (const Index size : {6, 7})
    for (const Index patch : {1, 2, 3, 6}) CHECK(values(composed, size, patch) == values(fused, size, patch));
  CHECK_THROWS_AS(values(composed, 2, 3), ShapeError);
}
