// Passes of as many images as the backend likes at once.
#include <clip/model/model.hpp>
#include <clip/tower/clip_resnet/openai.hpp>
#include <clip/tower/clip_vit/openai.hpp>
#include <clip/tower/passes.hpp>

#include "../support/counting.hpp"
#include "../support/grouping.hpp"
#include "../support/small_models.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {

/// Features of seven images, and how often they were uploaded.
template <Index RowsAtOnce>
struct Encoded {
  using B = Counting<float, RowsAtOnce>;
  std::vector<float> features;
  Index uploads = 0;

  Encoded() {
    Model<Tiny, B> model{Rng{1}};
    const Images images = random_images(Tiny, 7, Rng{2});
    model.backend().calls().clear();
    const auto encoded = model.encode_image(images);
    uploads = model.backend().calls().count("upload");
    CHECK(model.backend().calls().count("download") == uploads);
    features.assign(encoded.values().begin(), encoded.values().end());
  }
};

}  // namespace

TEST_CASE("an encoder makes its passes from the rows that the backend likes at once") {
  static_assert(Tiny.image.tokens() == 5);
  const Encoded<10> two;  // images per pass
  const Encoded<15> three;
  const Encoded<400> all;
  const Encoded<1> one;
  CHECK(two.uploads == 4);
  CHECK(three.uploads == 3);
  CHECK(all.uploads == 1);
  CHECK(one.uploads == 7);
  for (const auto& some : {two.features, three.features, one.features})
    CHECK(agree_in_any_group<Encoded<10>::B>(some, all.features));
}

TEST_CASE("on the CPU a pass has about 400 rows, or eight images of a residual network; on a device more of both") {
  using Device = Counting<float, 64000>;
  CHECK(detail::images_per_pass<Cpu<float>>(ViT_B_32.image.tokens()) == 8);
  CHECK(detail::images_per_pass<Cpu<float>>(ViT_B_16.image.tokens()) == 2);
  CHECK(detail::images_per_pass<Cpu<float>>(ViT_L_14_336px.image.tokens()) == 1);
  CHECK(detail::images_per_pass<Device>(ViT_B_32.image.tokens()) == 1280);
  CHECK(detail::convolved_per_pass<Cpu<float>>(8) == 8);
  CHECK(detail::convolved_per_pass<Device>(8) == 1280);
  CHECK(detail::convolved_per_pass<Counting<float, 1>>(8) == 1);
}
