#include <clip/io/json.hpp>
#include <clip/model/catalogue.hpp>

#include "../io/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <initializer_list>
#include <set>
#include <string>
#include <utility>

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
  const std::string message = try_find_config("ViT-Z-99").error().message();
  CHECK(message.find("ViT-B/32, ViT-B/16") != std::string::npos);
  CHECK(message.ends_with("found ViT-Z-99"));
  CHECK(try_find_config("nowhere.json").error().message().find("nowhere.json") != std::string::npos);
}

TEST_CASE("other spellings of a name are understood where they mean one configuration") {
  for (const auto& [spelt, name] : std::initializer_list<std::pair<const char*, const char*>>{
           {"vit-b/32", "ViT-B/32"},
           {"rn50X4", "RN50x4"},
           {"LAION/vit-b-32", "laion/ViT-B-32"},
           {"laion/ViT-B/32", "laion/ViT-B-32"},
           {"laion/vit_l_14_336", "laion/ViT-L-14-336"},
           {"ViT-B-32-quickgelu", "ViT-B/32"},
           {"ViT-g-14", "laion/ViT-g-14"},
           {"openai/ViT-L-14", "ViT-L/14"},
           {"openai/clip-vit-base-patch32", "ViT-B/32"},
           {"openai/clip-vit-large-patch14-336", "ViT-L/14@336px"},
           {"laion/CLIP-ViT-B-32-laion2B-s34B-b79K", "laion/ViT-B-32"},
           {"laion/CLIP-ViT-B-16-DataComp.XL-s13B-b90K", "datacomp/ViT-B-16"}}) {
    CAPTURE(spelt);
    const auto found = try_find_config(spelt);
    REQUIRE(found);
    CHECK(*found == find_config(name));
  }
}

TEST_CASE("a spelling of models that differ is an error that names them alone") {
  const auto found = try_find_config("ViT-B-32");
  REQUIRE(!found);
  CHECK(found.error().id() == "clip.option.name");
  CHECK(found.error().message() ==
        "model: name: expected one of ViT-B/32, laion/ViT-B-32, laion400m/ViT-B-32, datacomp/ViT-B-32, "
        "metaclip/ViT-B-32, which differ in activation or preprocessing, found ViT-B-32");
}
