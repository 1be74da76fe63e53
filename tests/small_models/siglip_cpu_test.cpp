#include <clip/backend/cpu.hpp>
#include <clip/checkpoint/convert_file.hpp>

#include "../io/temporary_folder.hpp"
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
    const auto found = inspect<SiglipFamilies>(path, {.activation = activation, .image_heads = 2, .text_heads = 2});
    CHECK(found.dialect == Dialect::openclip);
    AnyConfigOf<SiglipFamilies> c = found.config;
    std::get<SiglipVitConfig>(c.image).image_size = 36;
    AnyModel<Cpu<>, SiglipFamilies> model{c};
    load(model, path);
    check_siglip_features(model, GoldenSiglip{"siglip"}, ending);
  }
}

TEST_CASE("reference numbers: a SigLIP as big_vision stores it is that of transformers bit for bit") {
  const GoldenSiglip golden{"siglip"};
  const TemporaryFolder folder;
  const std::string plain = siglip_path("siglip_transformers"), narrow = folder / "bf16.safetensors",
                    big_vision = CLIP_SOURCE_DIR "/tests/golden/siglip/siglip_big_vision";
  convert_file<SiglipFamilies>(plain, narrow, {.dialect = Dialect::huggingface, .dtype = Dtype::bf16});
  // Alone; and below the state of a training program, its blocks stacked, of bfloat16, deflated.
  for (const auto& [path, same] : {std::pair{big_vision + ".npz", plain}, {big_vision + "_scanned.npz", narrow}}) {
    const auto found = inspect<SiglipFamilies>(path);
    CHECK(found.dialect == Dialect::big_vision);
    CHECK(found.format == FileFormat::npz);
    CHECK(found.activation_by_naming);
    CHECK(detail::state(found.config.image).heads == 2);  // an extent of the file
    CHECK(detail::state(found.config.text).activation == Activation::gelu_tanh);
    Model<TinySiglip> theirs, expected;
    load(theirs, path);
    load(expected, same);
    if (same == plain) check_siglip_features(theirs, golden);
    const auto equal = [](const auto& a, const auto& b) { return std::ranges::equal(a.values(), b.values()); };
    CHECK(equal(theirs.encode_image(golden.images), expected.encode_image(golden.images)));
    CHECK(equal(theirs.encode_text(golden.texts), expected.encode_text(golden.texts)));
    CHECK(theirs.similarity.temperature() == expected.similarity.temperature());
    CHECK(theirs.similarity.bias() == expected.similarity.bias());
  }
  auto four = TinySiglip;
  four.image.heads = 4;
  AnyModel<Cpu<>, SiglipFamilies> other{AnyConfigOf<SiglipFamilies>{four}};
  const auto refused = try_load(other, big_vision + ".npz");
  REQUIRE_FALSE(refused);
  CHECK_MESSAGE(refused.error().message().find("image heads: expected 4 (the model's), found 2 (the shapes of its "
                                               "attention)") != std::string::npos,
                refused.error().message());
}

TEST_CASE("a SigLIP tower of transformers alone loads, with its prefix and without") {
  const GoldenSiglip golden{"siglip"};
  const TensorFile whole = open_tensors(siglip_path("siglip_transformers"));
  const auto alone = [&](const std::string& tower, bool prefixed) {
    std::vector<FileTensor> tensors;
    for (const FileTensor& t : whole.tensors())
      if (t.name.starts_with(tower)) {
        tensors.push_back(t);
        if (!prefixed) tensors.back().name.erase(0, tower.size());
      }
    return whole.with(std::move(tensors));
  };
  for (const bool prefixed : {true, false}) {
    CAPTURE(prefixed);
    ImageEncoder<TinySiglip> image;
    try_load(image, alone("vision_model.", prefixed)).value();
    const auto pixels = image.encode_image(golden.images);
    check_close("image features", pixels.values(), golden("image_features"));
    TextEncoder<TinySiglip> text;
    try_load(text, alone("text_model.", prefixed)).value();
    const auto words = text.encode_text(golden.texts);
    check_close("text features", words.values(), golden("text_features"));
  }
}
