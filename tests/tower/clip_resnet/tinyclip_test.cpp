// The numbers of weights of TinyCLIP's residual networks, checked at compile time, and their published names and
// shapes.
#include <clip/checkpoint/infer.hpp>
#include <clip/tower/clip_resnet/description.hpp>

#include "../../support/published_names.hpp"

#include <doctest/doctest.h>

using namespace clip;
using namespace clip::testing;

namespace {

template <auto C>
constexpr Index weights(Index embed_dim) {
  return count_parameters(TowerOf<C, dyn, Cpu<float>, Residual>{C, embed_dim});
}

static_assert(weights<tinyclip::ResNet_19M_Text_19M.image>(1024) == 18'596'766);
static_assert(weights<tinyclip::ResNet_19M_Text_19M.text>(1024) == 44'775'936);
static_assert(weights<tinyclip::ResNet_30M_Text_29M.image>(1024) == 29'583'780);
static_assert(weights<tinyclip::ResNet_30M_Text_29M.text>(1024) == 54'233'088);
static_assert(tinyclip::ResNet_19M_Text_19M.image.heads() == 22 && tinyclip::ResNet_30M_Text_29M.image.heads() == 28);

}  // namespace

TEST_CASE("the names and shapes of TinyCLIP's ResNet-19M are those of its files, and these are read") {
  const Shapes original = published("clip_resnet/names_tinyclip_ResNet-19M-Text-19M_original");
  CHECK(original.size() == 417);
  CHECK(written(tinyclip::ResNet_19M_Text_19M, Dialect::tinyclip) == original);
  const auto found = try_inspect(without_values(original)).value();
  CHECK(found.config == AnyConfig{tinyclip::ResNet_19M_Text_19M});
  CHECK(found.name == "tinyclip/ResNet-19M-Text-19M");
  CHECK(found.activation_known);
}
