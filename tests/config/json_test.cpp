#include <clip/config/json.hpp>
#include <clip/config/openai.hpp>

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
  const VitClipConfig c = try_parse_config(small, "small.json").value();
  CHECK(c.embed_dim == 64);
  CHECK((c.image.image_size == 28 && c.image.patch_size == 7 && c.image.width == 64 && c.image.layers == 3 && c.image.heads == 1));
  CHECK((c.text.context == 32 && c.text.vocabulary == 514 && c.text.width == 48 && c.text.layers == 2 && c.text.heads == 4));
  CHECK(c.image.activation == Activation::quick_gelu);
  CHECK(c.text.activation == Activation::gelu);
  CHECK(c.text.epsilon == 1e-6f);
  CHECK(c.image.hidden() == 256);
  CHECK(c.text.hidden() == 100);
  CHECK(c.image.mean == openai_mean);
}

TEST_CASE("a configuration written and read is the same") {
  auto own = VitClipConfig{testing::Odd};
  own.image.mean = {0.5f, 0.25f, 0.125f};
  own.image.mlp_width = 50;
  for (const VitClipConfig& c : {VitClipConfig{ViT_B_32}, VitClipConfig{ViT_L_14_336px}, own})
    CHECK(try_parse_config(to_json(c).dump(), "written").value() == c);
}

TEST_CASE("every mistake is told with the file and the field") {
  for (const auto& [text, field] : {std::pair{replaced("\"width\": 64, ", ""), "width"},
                                    {replaced("\"layers\": 3", "\"layers\": 0"), "layers"},
                                    {replaced("\"heads\": 4", "\"head\": 4"), "head"},
                                    {replaced("\"quick_gelu\"", "\"relu\""), "relu"},
                                    {replaced("28", "\"28\""), "image_size"},
                                    {replaced("\"epsilon\": 1e-6, ", ""), "epsilon"},
                                    {replaced("1e-6,", "1e-6, \"mean\": [1],"), "mean"}}) {
    const std::string message = error_of(text);
    INFO(message);
    CHECK(has(message, "small.json"));
    CHECK(has(message, field));
  }
}

TEST_CASE("several mistakes are told together") {
  std::string text = replaced("\"embed_dim\": 64,", "");
  text.replace(text.find("\"vocabulary\": 514, "), 19, "");
  const std::string message = error_of(text);
  INFO(message);
  CHECK(has(message, "embed_dim"));
  CHECK(has(message, "vocabulary"));
}

TEST_CASE("a configuration that cannot be is told with its sentence") {
  CHECK(has(error_of(replaced("\"patch_size\": 7", "\"patch_size\": 5")), "VitConfig: patch_size must divide image_size"));
}

TEST_CASE("what is no JSON is an error with the file's name") {
  CHECK(has(error_of("{\"embed_dim\": "), "small.json"));
  CHECK(has(error_of(""), "small.json"));
  CHECK(has(error_of("[]"), "small.json"));
  CHECK(has(try_read_config("no/such/file.json").error().message(), "no/such/file.json"));
}
