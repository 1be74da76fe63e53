// SigLIP's image tower in a file of its own: transformers' SiglipVisionModel, and the same in OpenCLIP's names.
#include <clip/checkpoint/open.hpp>
#include <clip/checkpoint/open_encoder.hpp>

#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

using namespace clip;

namespace {

const std::string golden = CLIP_SOURCE_DIR "/tests/golden/siglip/";

/// A file of those tensors of another whose names begin with `prefix`; deleted at the end.
struct Part {
  std::string path;
  Part(const std::string& from, std::string_view prefix)
      : path{(std::filesystem::temp_directory_path() / "clip_siglip_alone_test.safetensors").string()} {
    const TensorFile file = open_tensors(golden + from);
    std::vector<TensorToWrite> tensors;
    for (const FileTensor& t : file.tensors())
      if (t.name.starts_with(prefix)) tensors.push_back({t.name, t.dtype, t.shape, t.parts[0].bytes, {}});
    write_safetensors(path, tensors);
  }
  ~Part() { std::filesystem::remove(path); }
};

}  // namespace

TEST_CASE("an image tower of SigLIP alone has the activation of its naming and the features of the whole model") {
  constexpr Assumptions heads{.image_heads = 2, .text_heads = 2};
  const AnyModel<> model = open(golden + "siglip_transformers.safetensors", heads);
  const Part part{"siglip_transformers.safetensors", "vision_model."};
  const auto alone = open_image_encoder(part.path, heads);
  const auto c = std::get<SiglipVitConfig>(alone.config());
  CHECK(c == std::get<SiglipVitConfig>(model.config().image));
  CHECK(c.activation == Activation::gelu_tanh);
  Rng rng{1};
  std::vector<float> pixels(static_cast<std::size_t>(2 * 3 * c.image_size * c.image_size));
  for (float& x : pixels) x = static_cast<float>(rng.normal());
  const Images images = Images::from_floats(2, 3, c.image_size, c.image_size, pixels);
  const auto found = alone.encode_image(images), expected = model.encode_image(images);
  CHECK(found.width() == c.width);
  CHECK(std::vector<float>(found.values().begin(), found.values().end()) ==
        std::vector<float>(expected.values().begin(), expected.values().end()));
}

TEST_CASE(
    "an image tower of SigLIP alone in OpenCLIP's names, of sizes that timm does not have, needs its activation") {
  const Part part{"siglip_open_clip.safetensors", "visual."};
  CHECK(try_open_image_encoder(part.path, {.image_heads = 2}).error().id() == "clip.load.activation");
  const auto alone = open_image_encoder(part.path, {.activation = Activation::gelu, .image_heads = 2});
  CHECK(std::get<SiglipVitConfig>(alone.config()).activation == Activation::gelu);
}
