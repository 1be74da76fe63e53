#include <clip/model/catalogue.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace clip;

namespace {
const std::string text_cfg =
    R"("text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 512, "heads": 8, "layers": 12})";
const std::string b_32 =
    R"({"embed_dim": 512, "vision_cfg": {"image_size": 224, "layers": 12, "width": 768, "patch_size": 32}, )" +
    text_cfg + "}";

Result<AnyConfig> parse(const std::string& text) { return try_parse_config(text, "x.json"); }
}  // namespace

TEST_CASE("OpenCLIP's configuration equals the constant of the same name") {
  CHECK(parse(b_32).value() == AnyConfig{laion::ViT_B_32});
  CHECK(parse(R"({"quick_gelu": true, )" + b_32.substr(1)).value() == AnyConfig{ViT_B_32});
  CHECK(
      parse(
          R"({"embed_dim": 1024, "vision_cfg": {"image_size": 224, "layers": 40, "width": 1408, "head_width": 88, "mlp_ratio": 4.3637, "patch_size": 14},
      "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 1024, "heads": 16, "layers": 24}})")
          .value() == AnyConfig{laion::ViT_g_14});
  CHECK(
      parse(
          R"({"embed_dim": 1024, "quick_gelu": true, "vision_cfg": {"image_size": 224, "layers": [3, 4, 6, 3], "width": 64, "patch_size": null}, )" +
          text_cfg + "}")
          .value() == AnyConfig{RN50});
}

TEST_CASE("a folder's open_clip_config.json includes preprocessing") {
  const auto c = parse(
      R"({"model_cfg": )" + b_32 +
      R"(, "preprocess_cfg": {"mean": [0, 0.5, 1], "std": [1, 1, 1], "interpolation": "bilinear", "resize_mode": "squash", "size": [224, 224]}})");
  AnyConfig expected = laion::ViT_B_32;
  expected.preprocessing() = {ResizeMode::squash, Interpolation::bilinear, ColorOrder::openai, {0, 0.5f, 1}, {1, 1, 1}};
  CHECK(c.value() == expected);
}

TEST_CASE("a folder's open_clip_config.json may state any size: OpenCLIP puts the model's in its place") {
  const auto with = [](const std::string& preprocess) {
    return parse(R"({"model_cfg": )" + b_32 + R"(, "preprocess_cfg": {)" + preprocess + "}}");
  };
  CHECK(with(R"("size": 224, "mode": "RGB", "fill_color": 0)").value() == AnyConfig{laion::ViT_B_32});
  for (const char* size : {"256", "[224, 256]", "[256, 224]"})
    CHECK(with("\"size\": " + std::string(size)).value() == AnyConfig{laion::ViT_B_32});
  CHECK(with(R"("size": "large")").error().message().starts_with("x.json: preprocess_cfg.size: "));
  CHECK(with(R"("mode": "L")").error().message() == "x.json: preprocess_cfg.mode: expected RGB");
}

TEST_CASE("OpenCLIP's descriptions of MobileCLIP are read and written") {
  const std::string s2 =
      R"({"embed_dim": 512, "vision_cfg": {"timm_model_name": "fastvit_mci2", "timm_model_pretrained": false,)"
      R"( "timm_pool": "avg", "timm_proj": null, "timm_drop": 0.0, "timm_drop_path": 0.0, "image_size": 256},)"
      R"( "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 512, "heads": 8, "layers": 12,)"
      R"( "no_causal_mask": true}, "custom_text": true})";
  CHECK(parse(s2).value() == AnyConfig{mobileclip::S2});
}

TEST_CASE("a configuration of another family is an error that names the unknown key") {
  CHECK(parse(R"({"embed_dim": 512, "vision_cfg": {"timm_model_name": "convnext_base", "image_size": 256}, )" +
              text_cfg + "}")
            .error()
            .message()
            .find("vision_cfg: no tower of the library is described so") != std::string::npos);
  const auto kind = [](const std::string& vision, const std::string& text) {
    const auto found = parse(R"({"embed_dim": 512, "vision_cfg": {)" + vision + R"(}, "text_cfg": {)" + text + "}}");
    REQUIRE(!found);
    const std::string message = found.error().message();
    CHECK(found.error().id() == (message.find("describes") == message.npos ? "clip.load.keys" : "clip.load.model"));
    return message.substr(0, message.find(", which is not built here"));
  };
  CHECK(kind(R"("timm_model_name": "vit_base_patch16_siglip_gap_224", "image_size": 224)", "") ==
        "x.json: describes a SigLIP without its pooling (timm_model_name vit_base_patch16_siglip_gap_224)");
  CHECK(kind(R"("timm_model_name": "convnext_base", "image_size": 224)", "") ==
        "x.json: describes a CLIP whose image tower is timm's (timm_model_name convnext_base)");
  CHECK(kind(R"("image_size": 224, "layers": 12, "width": 768, "patch_size": 32)",
             R"("hf_model_name": "google/mt5-base", "hf_tokenizer_name": "google/mt5-base")") ==
        "x.json: describes a CLIP whose text tower is transformers' (hf_model_name google/mt5-base)");
  CHECK(parse(R"({"model_cfg": 3})").error().message() == "x.json: model_cfg: expected an object, found 3");
  CHECK(
      parse(
          R"({"embed_dim": 512, "vision_cfg": {"image_size": 224, "layers": 12, "width": 768, "patch_size": 32, "head_width": 100}, )" +
          text_cfg + "}")
          .error()
          .message() == "x.json: config: VitConfig: heads must divide width");
}
