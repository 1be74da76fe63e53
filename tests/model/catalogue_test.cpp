#include <clip/io/json.hpp>
#include <clip/model/catalogue.hpp>

#include "../io/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>

using namespace clip;

TEST_CASE("every model is found by its name, and every name is unique") {
  std::set<std::string_view> names;
  for (const NamedConfig& known : named_configs()) {
    CAPTURE(known.name);
    CHECK(find_config(std::string(known.name)) == known.config);
    CHECK(names.insert(known.name).second);
    CHECK(check(known.config));
    CHECK(known.constant.starts_with("clip::"));
    REQUIRE(find_named(known.config) != nullptr);
    CHECK(find_named(known.config)->config == known.config);
  }
  CHECK(find_config("ViT-B/32") == AnyConfig{ViT_B_32});
  CHECK(find_config("laion/ViT-B-32") == AnyConfig{laion::ViT_B_32});
}

TEST_CASE("color_order and resampling do not distinguish models") {
  AnyConfig c = ViT_B_16;
  c.preprocessing().color_order = ColorOrder::huggingface;
  c.preprocessing().resampling = Resampling::torchvision;
  REQUIRE(find_named(c) != nullptr);
  CHECK(find_named(c)->name == "ViT-B/16");
  c.preprocessing().interpolation = Interpolation::bilinear;
  CHECK(find_named(c) == nullptr);
}

TEST_CASE("a configuration file is accepted as a model; anything else is an error that lists the names") {
  const TemporaryFolder folder;
  put(folder / "own.json", to_json(RN101).dump());
  CHECK(find_config(folder / "own.json") == AnyConfig{RN101});
  const std::string message = try_find_config("ViT-B-32").error().message();
  CHECK(message.find("ViT-B/32, ViT-B/16") != std::string::npos);
  CHECK(message.ends_with("found ViT-B-32"));
  CHECK(try_find_config("nowhere.json").error().message().find("nowhere.json") != std::string::npos);
}
