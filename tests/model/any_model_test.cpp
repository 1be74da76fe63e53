#include <clip/autograd/tape.hpp>
#include <clip/backend/cpu.hpp>
#include <clip/loss/contrastive.hpp>
#include <clip/model/any_model.hpp>
#include <clip/model/model.hpp>

#include "../support/check_gradients.hpp"
#include "../support/names.hpp"
#include "../support/small_models.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace clip;
using namespace clip::testing;

namespace {

template <class M>
auto contrastive_of(const M& model, const Images& images, const Texts& texts) {
  return [&](auto& tape) {
    return contrastive(tape, model.encode_image(tape, images), model.encode_text(tape, texts), model.similarity,
                       texts.groups());
  };
}

}  // namespace

TEST_CASE("sizes in the type and sizes at run time give the same bits, forward and backward") {
  Model<Odd> fixed{Rng{2}};
  AnyModel open{VitClipConfig{Odd}, Rng{2}};
  const Images images = random_images(Odd, 5, Rng{43});
  const Texts texts = random_texts(Odd, 5, Rng{44});

  const auto a = fixed.encode_image(images), b = fixed.encode_text(texts);
  const auto c = open.encode_image(images), d = open.encode_text(texts);
  CHECK((c.size() == 5 && c.width() == 13));
  CHECK(std::ranges::equal(a.values(), c.values()));
  CHECK(std::ranges::equal(b.values(), d.values()));
  CHECK(fixed.similarity.temperature() == open.similarity.temperature());

  Parameters of_fixed{fixed}, of_open{open};
  CHECK(gradients_of(of_fixed, contrastive_of(fixed, images, texts)) ==
        gradients_of(of_open, contrastive_of(open, images, texts)));
}

TEST_CASE("sizes in the type and sizes at run time have the same parameters") {
  const Model<Odd> fixed;
  const AnyModel open{VitClipConfig{Odd}};
  CHECK(named_shapes(open) == named_shapes(fixed));
  CHECK(open.config() == fixed.config());
  CHECK(open.config() == VitClipConfig{Odd});
}

TEST_CASE("an impossible configuration is an error with its problem") {
  VitClipConfig c{Odd};
  c.text.heads = 3;
  CHECK_THROWS_WITH_AS((AnyModel{c}), "config: TextConfig: heads must divide width", OptionError);
  c = Odd;
  c.image.layers = dyn;
  CHECK_THROWS_WITH_AS((AnyModel{c, Rng{1}}), "config: a size is left open: every size of a model must be given",
                       OptionError);
}
