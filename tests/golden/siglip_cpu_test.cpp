#include <clip/backend/cpu.hpp>

#include "siglip.hpp"

using namespace clip;
using namespace clip::testing;

namespace {
template <class T>
using OnCpu = Cpu<T>;
}  // namespace

TEST_CASE("reference numbers: a SigLIP and a SigLIP 2 on Cpu agree in features, logits and gradients") {
  check_siglip<float, OnCpu>();
}

TEST_CASE("reference numbers: a SigLIP in OpenCLIP's names computes what OpenCLIP computes") {
  const std::string path = siglip_path("siglip_open_clip");
  const auto unknown = try_open<Cpu<>, SiglipFamilies>(path, {.image_heads = 2, .text_heads = 2});
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().id() == "clip.load.activation");  // no size of a published model
  for (const auto& [activation, ending] : {std::pair{Activation::gelu, "_erf"}, std::pair{Activation::gelu_tanh, ""}}) {
    const auto found =
        inspect<SiglipFamilies>(path, {.activation = activation, .image_heads = 2, .text_heads = 2});
    CHECK(found.dialect == Dialect::openclip);
    AnyConfigOf<SiglipFamilies> c = found.config;
    std::get<SiglipVitConfig>(c.image).image_size = 36;
    AnyModel<Cpu<>, SiglipFamilies> model{c};
    load(model, path);
    check_siglip_features(model, GoldenSiglip{"siglip"}, ending);
  }
}
