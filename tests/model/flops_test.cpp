#include <clip/model/catalogue.hpp>
#include <clip/model/flops.hpp>

#include <doctest/doctest.h>

using namespace clip;

TEST_CASE("FLOPs of towers equal the count of PyTorch's FLOP counter for OpenCLIP's models") {
  struct Known {
    const char* name;
    double image, text;  // in 10⁹; 0: not counted
  };
  for (const Known& known : {Known{"ViT-B/32", 8.82, 5.96}, Known{"ViT-L/14", 162.0, 0}, Known{"RN50", 12.22, 0}}) {
    CAPTURE(known.name);
    const FlopCount count = count_flops(find_config(known.name));
    CHECK(count.image / 1e9 == doctest::Approx(known.image).epsilon(5e-4));
    if (known.text > 0) CHECK(count.text / 1e9 == doctest::Approx(known.text).epsilon(5e-4));
  }
}

TEST_CASE("FLOPs of a small tower equal a count by hand") {
  const VitClipConfig c{.embed_dim = 5,
                        .image = {.image_size = 4,
                                  .patch_size = 2,
                                  .width = 6,
                                  .layers = 2,
                                  .heads = 1,
                                  .activation = Activation::gelu,
                                  .epsilon = 1e-5f},
                        .text = {.context = 3,
                                 .vocabulary = 9,
                                 .width = 4,
                                 .layers = 1,
                                 .heads = 1,
                                 .activation = Activation::gelu,
                                 .epsilon = 1e-5f}};
  // Multiply-adds: 4 patches of 12 values; 2 blocks of 5 rows: 12 w², 2 · 5 · 5 w of attention; the projection.
  CHECK(count_flops(AnyConfig{c}).image == 2.0 * (4 * 12 * 6 + 2 * (5 * 12 * 36 + 2 * 25 * 6) + 6 * 5));
  CHECK(count_flops(AnyConfig{c}).text == 2.0 * (3 * 12 * 16 + 2 * 9 * 4 + 4 * 5));
  CHECK(count_activations(AnyConfig{c}) == 5 * (8 * 6 + 24));
}

TEST_CASE(
    "activations of published towers: a transformer's grow with its tokens, a residual network's with its pixels") {
  CHECK(count_activations(find_config("ViT-B/32")) == 50.0 * (8 * 768 + 3072));
  CHECK(count_activations(find_config("ViT-B/16")) == 197.0 * (8 * 768 + 3072));
  CHECK(count_activations(find_config("RN50")) == 4.0 * 112 * 112 * 64);
}
