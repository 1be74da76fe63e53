#include <clip/checkpoint/processor_class.hpp>

#include <doctest/doctest.h>

using namespace clip;
using detail::resampling_of;

TEST_CASE("an image processor's suffix names its library, whatever version wrote the folder") {
  for (const char* version : {"", "4.57.6", "5.24.0"}) {
    CHECK(resampling_of({"CLIPImageProcessorFast", version}) == Resampling::torchvision);
    CHECK(resampling_of({"SiglipImageProcessorPil", version}) == Resampling::pillow13);
  }
}

TEST_CASE("without a suffix, folders of transformers 5 and later mean torchvision, all others Pillow") {
  CHECK(resampling_of({"CLIPImageProcessor", "5.24.0"}) == Resampling::torchvision);
  CHECK(resampling_of({"CLIPImageProcessor", "10.0.0.dev0"}) == Resampling::torchvision);
  CHECK(resampling_of({"CLIPImageProcessor", "4.57.6"}) == Resampling::pillow13);
  CHECK(resampling_of({"CLIPFeatureExtractor", ""}) == Resampling::pillow13);
  CHECK(resampling_of({"", "latest"}) == Resampling::pillow13);
}
