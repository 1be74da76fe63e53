#include <clip/checkpoint/open.hpp>

#include <clip/checkpoint/convert_file.hpp>
#include <clip/formats/safetensors_write.hpp>

#include "stored_clip.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {
constexpr Assumptions heads{.activation = Activation::quick_gelu, .image_heads = 4, .text_heads = 2};
}

TEST_CASE("open: one file gives a model with weights and configuration") {
  for (const char* name : {"state.pt", "script.pt", "wanted.safetensors"}) {
    CAPTURE(name);
    const AnyModel model = clip::open<Naive<float>>(files + name, heads);
    CHECK(model.config() == AnyConfig{Quick});
    CHECK(weights_of(model) == wanted());
  }
  const AnyModel folder = clip::open<Naive<float>>(files + "huggingface");
  CHECK(folder.config() == AnyConfig{Stored});
  CHECK(weights_of(folder) == wanted());
}

TEST_CASE("open: the model encodes with the bits of one whose sizes are in the type") {
  const AnyModel any = clip::open<Naive<float>>(files + "huggingface");
  Model<Stored, Naive<float>> fixed;
  load(fixed, files + "huggingface");
  std::vector<float> values(192);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 7) - 3;
  const Images images = Images::from_floats(1, 3, 8, 8, values);
  const auto a = any.encode_image(images);
  const auto b = fixed.encode_image(images);
  CHECK(std::vector<float>(a.values().begin(), a.values().end()) ==
        std::vector<float>(b.values().begin(), b.values().end()));
}

TEST_CASE("open: the error for an invalid file names the file") {
  const auto fails = [](const std::string& path, const Assumptions& assumed = {}) {
    const auto result = try_open<Naive<float>>(path, assumed);
    REQUIRE(!result);
    CHECK(result.error().place() == path);
    return result.error().message().substr(path.size());
  };
  CHECK(fails(files + "nothing").find("no such file") != std::string::npos);
  CHECK(fails(files + "half.pt").find("heads") != std::string::npos);
  CHECK(fails(files + "state.pt", {.image_heads = 4, .text_heads = 2}).find("does not state its activation") !=
        std::string::npos);
  CHECK(fails(files + "legacy.pt", heads).find("before 1.6") != std::string::npos);
  CHECK_THROWS_AS(clip::open(files + "legacy.pt"), LoadError);
}

TEST_CASE("open: a file written by the library states its configuration") {
  const TemporaryFolder folder;
  static constexpr auto Own = [] {
    auto c = Stored;
    c.image.preprocessing.resize = ResizeMode::squash;
    return c;
  }();
  Model<Own, Naive<float>> model{Rng{1}};
  save(model, folder / "own.safetensors");
  const AnyModel again = clip::open<Naive<float>>(folder / "own.safetensors");
  CHECK(again.config() == AnyConfig{Own});
  CHECK(weights_of(again) == weights_of(model));
}

TEST_CASE("open: of several models in a file, state_dict chooses, and so it does for load, inspect and convert") {
  const TemporaryFolder folder;
  const AnyConfig config{Quick};
  AnyModel<Naive<float>> student{config, Rng{1}}, teacher{config, Rng{2}};
  std::vector<TensorToWrite> both;
  for (auto& [before, model] : {std::pair{"student.", &student}, std::pair{"teacher.", &teacher}})
    for (TensorToWrite& tensor : tensors_of(*model)) {
      tensor.name.insert(0, before);
      both.push_back(std::move(tensor));
    }
  const std::string path = folder / "both.safetensors";
  write_safetensors(path, both);
  CHECK(try_open<Naive<float>>(path, heads).error().id() == "clip.load.ambiguous");
  CHECK(weights_of(clip::open<Naive<float>>(path, heads, {}, {.state_dict = "teacher"})) == weights_of(teacher));
  AnyModel<Naive<float>> loaded{config};
  load(loaded, path, {.state_dict = "student."});
  CHECK(weights_of(loaded) == weights_of(student));
  CHECK(inspect(path, heads, "student").config == config);
  convert_file(path, folder / "one.safetensors", {.assumed = heads, .state_dict = "teacher"});
  load(loaded, folder / "one.safetensors");
  CHECK(weights_of(loaded) == weights_of(teacher));
  CHECK(try_load(loaded, path, {.state_dict = "ema"}).error().id() == "clip.load.state_dict");
}
