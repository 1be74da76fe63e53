#include <clip/io/json.hpp>
#include <clip/model/catalogue.hpp>
#include <clip/model/config_json.hpp>

#include "../support/small_models.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace clip;

namespace {

const std::string small = R"({"embed_dim": 64,
  "image": {"image_size": 28, "patch_size": 7, "width": 64, "layers": 3, "heads": 1, "activation": "quick_gelu", "epsilon": 1e-5},
  "text": {"context": 32, "vocabulary": 514, "width": 48, "layers": 2, "heads": 4, "activation": "gelu", "epsilon": 1e-6, "mlp_width": 100}})";

std::string replaced(std::string from, const std::string& to) {
  std::string text = small;
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

std::string error_of(const std::string& text) {
  const auto config = try_parse_config(text, "small.json");
  return config ? "" : config.error().message();
}

bool has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a configuration is read from JSON field by field") {
  const AnyConfig c = try_parse_config(small, "small.json").value();
  const VitConfig image = std::get<VitConfig>(c.image);
  const TextConfig text = std::get<TextConfig>(c.text);
  CHECK(c.embed_dim == 64);
  CHECK(
      (image.image_size == 28 && image.patch_size == 7 && image.width == 64 && image.layers == 3 && image.heads == 1));
  CHECK((text.context == 32 && text.vocabulary == 514 && text.width == 48 && text.layers == 2 && text.heads == 4));
  CHECK(image.activation == Activation::quick_gelu);
  CHECK(text.activation == Activation::gelu);
  CHECK(text.epsilon == 1e-6f);
  CHECK(image.hidden() == 256);
  CHECK(text.hidden() == 100);
  CHECK(image.preprocessing == Preprocessing{});
}

TEST_CASE("a tower may state its kind") {
  Json json = try_parse_json(small, "small.json").value();
  json["image"]["kind"] = "vit";
  json["text"]["kind"] = "text";
  CHECK(try_parse_config(json_text(json), "small.json").value() == try_parse_config(small, "small.json").value());
  json["image"]["kind"] = "cnn";
  const auto refused = try_parse_config(json_text(json), "small.json");
  REQUIRE(!refused);
  CHECK(has(refused.error().message(), "image.kind: expected one of vit, resnet"));
}

TEST_CASE("an image tower with an array of four layers is a residual network") {
  const AnyConfig c =
      try_parse_config(
          R"({"embed_dim": 8, "image": {"image_size": 64, "layers": [1, 2, 1, 3], "width": 16, "interpolation": "bilinear"},
    "text": {"context": 8, "vocabulary": 20, "width": 16, "layers": 1, "heads": 2, "activation": "gelu", "epsilon": 1e-5}})",
          "small.json")
          .value();
  const ResNetConfig image = std::get<ResNetConfig>(c.image);
  CHECK((image.image_size == 64 && image.width == 16 && image.layers == std::array<Index, 4>{1, 2, 1, 3}));
  CHECK(image.preprocessing.interpolation == Interpolation::bilinear);
  CHECK(std::get<TextConfig>(c.text).width == 16);
}

TEST_CASE("every configuration is unchanged after writing and reading") {
  AnyConfig own = testing::Odd;
  own.preprocessing() = {ResizeMode::squash,    Interpolation::bilinear, ColorOrder::huggingface,
                         {0.5f, 0.25f, 0.125f}, {1.0f, 0.1f, 0.3f},      Resampling::torchvision};
  own.preprocessing().resize_to = 1000;
  std::get<VitConfig>(own.image).mlp_width = 50;
  CHECK(try_parse_config(to_json(own).dump(), "written").value() == own);
  for (const NamedConfig& known : named_configs())
    CHECK(try_parse_config(to_json(known.config).dump(), "written").value() == known.config);
}

TEST_CASE("every mistake is an error with the file and the field") {
  for (const auto& [text, field] :
       {std::pair{replaced("\"width\": 64, ", ""), "width"},
        {replaced("\"layers\": 3", "\"layers\": 0"), "layers"},
        {replaced("\"heads\": 4", "\"head\": 4"), "head"},
        {replaced("\"quick_gelu\"", "\"relu\""), "relu"},
        {replaced("28", "\"28\""), "image_size"},
        {replaced("\"epsilon\": 1e-6, ", ""), "epsilon"},
        {replaced("1e-5}", "1e-5, \"mean\": [1]}"), "image.mean: expected an array of 3 numbers"},
        {replaced("1e-5}", "1e-5, \"resize\": \"longest\"}"),
         "image.resize: expected shortest or squash, found \"longest\""},
        {replaced("\"layers\": 3", "\"layers\": [3, 4, 6]"), "image.layers: expected an array of 4 numbers"}}) {
    const std::string message = error_of(text);
    INFO(message);
    CHECK(has(message, "small.json"));
    CHECK(has(message, field));
  }
}

TEST_CASE("one error lists several mistakes") {
  std::string text = replaced("\"embed_dim\": 64,", "");
  text.replace(text.find("\"vocabulary\": 514, "), 19, "");
  const std::string message = error_of(text);
  INFO(message);
  CHECK(has(message, "embed_dim"));
  CHECK(has(message, "vocabulary"));
}

TEST_CASE("an impossible configuration is an error with its problem") {
  CHECK(has(error_of(replaced("\"patch_size\": 7", "\"patch_size\": 5")),
            "VitConfig: patch_size must divide image_size"));
}

TEST_CASE("numbers out of range are errors") {
  CHECK(has(error_of(replaced("1e-5}", "1e-5, \"deviation\": [0.2, 0.2, 2e62]}")),
            "Preprocessing: deviation must be positive"));
  CHECK(has(error_of(replaced("1e-5}", "1e-5, \"deviation\": [0.2, 0, 0.2]}")),
            "Preprocessing: deviation must be positive"));
  CHECK(has(error_of(replaced("1e-5}", "1e-5, \"mean\": [1e39, 0, 0]}")), "Preprocessing: mean must be finite"));
  CHECK(has(error_of(replaced("1e-5}", "1e300}")), "VitConfig: epsilon must be finite and not negative"));
  CHECK(has(error_of(replaced("1e-6,", "-1,")), "TextConfig: epsilon must be finite and not negative"));
}

TEST_CASE("invalid JSON is an error with the file's name") {
  CHECK(has(error_of("{\"embed_dim\": "), "small.json"));
  CHECK(has(error_of(""), "small.json"));
  CHECK(has(error_of("[]"), "small.json"));
  CHECK(has(try_read_config("no/such/file.json").error().message(), "no/such/file.json"));
}

TEST_CASE("sizes beyond any model are problems of their keys, in our format and in OpenCLIP's") {
  CHECK(error_of(replaced("\"layers\": 2", "\"layers\": 1099511627776")) ==
        "small.json: text.layers: expected at most 4096, found 1099511627776");
  CHECK(error_of(replaced("\"image_size\": 28", "\"image_size\": 1000000")) ==
        "small.json: image.image_size: expected at most 32768, found 1000000");
  CHECK(error_of(replaced("\"width\": 64", "\"width\": 9223372036854775807")) ==
        "small.json: image.width: expected at most 16777216, found 9223372036854775807");
  CHECK(has(error_of(R"({"embed_dim": 8, "vision_cfg": {"image_size": 224, "layers": [3, 3, 6, 3],
                         "width": 9223372036854775807}, "text_cfg": {"width": 512, "heads": 8, "layers": 12}})"),
            "width: expected at most 16777216, found 9223372036854775807"));
  CHECK(has(error_of(R"({"embed_dim": 8, "vision_cfg": {"image_size": 224, "layers": 12, "width": 768, "patch_size": 32,
                         "mlp_ratio": 1e300}, "text_cfg": {"width": 512, "heads": 8, "layers": 12}})"),
            "mlp_ratio: expected a width of the MLP in 1 ... 16777216"));
}
