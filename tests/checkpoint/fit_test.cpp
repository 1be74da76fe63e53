#include <clip/checkpoint/fit.hpp>
#include <clip/core/notice.hpp>

#include "stored_clip.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace clip;
using namespace clip::testing;

namespace {
template <const auto& Config>
using Small = Model<Config, Naive<float>>;

inline constexpr auto Longer = [] {
  auto c = Quick;
  c.text.context = 7;
  return c;
}();
inline constexpr auto OtherHeads = [] {
  auto c = Stored;
  c.text.heads = 4;
  c.image.epsilon = 1e-6f;
  return c;
}();

template <class M>
std::string refused(const std::string& path) {
  M model;
  const auto before = weights_of(model);
  const auto result = try_load(model, path);
  REQUIRE(!result);
  CHECK(result.error().kind() == ErrorKind::load);
  CHECK(weights_of(model) == before);
  return result.error().message();
}
}  // namespace

TEST_CASE("load: a model loads from every kind of file") {
  for (const char* name : {"state.pt", "half.pt", "bfloat16.pt", "nested.pt", "script.pt", "wanted.safetensors"}) {
    CAPTURE(name);
    Small<Quick> model{Rng{1}};
    load(model, files + name);
    CHECK(weights_of(model) == wanted());
  }
  Small<Stored> model{Rng{1}};
  load(model, files + "huggingface");
  CHECK(weights_of(model) == wanted());
  ImageEncoder<Stored, Naive<float>> image;
  CHECK(load_partial(image, files + "huggingface").missing.empty());
}

TEST_CASE("load: the error for a file of another model names the configuration that fits") {
  const TemporaryFolder folder;
  // Width 64 determines the number of heads.
  static constexpr auto Wide = [] {
    auto c = Quick;
    c.image.width = c.text.width = 64;
    c.image.heads = c.text.heads = 1;
    return c;
  }();
  Small<Wide> wide{Rng{1}};
  save(wide, folder / "wide");
  CHECK(refused<Small<Quick>>(folder / "wide")
            .ends_with("; a model that fits has image size 8, patch 4, width 64, layers 1, heads 1, quick_gelu; text "
                       "context 5, vocabulary 12, width 64, layers 1, "
                       "heads 1, quick_gelu; embedding 8"));
  CHECK(refused<Small<Longer>>(files + "half.pt")
            .find("1 that do not fit (positional_embedding: shape (7, 16) expected, (5, 16) found "
                  "(set LoadOptions::positions to interpolate it)); a model "
                  "that fits has "
                  "image size 8, ") != std::string::npos);
}

TEST_CASE("load: an activation, heads or an epsilon other than the folder's is an error, and the model is unchanged") {
  const std::string where = "(" + files + "huggingface/config.json)";
  CHECK(refused<Small<Quick>>(files + "huggingface")
            .starts_with(files +
                         "huggingface: image activation: expected quick_gelu (the model's), found gelu; text "
                         "activation: expected quick_gelu (the model's), found gelu " +
                         where));
  CHECK(refused<Small<OtherHeads>>(files + "huggingface")
            .starts_with(files +
                         "huggingface: image epsilon: expected 1e-06 (the model's), found 1e-05; text heads: expected "
                         "4 (the model's), found 2 " +
                         where));
  CHECK(refused<ImageEncoder<Quick, Naive<float>>>(files + "huggingface")
            .starts_with(files + "huggingface: image activation: expected quick_gelu (the model's), found gelu " +
                         where));
  ImageEncoder<Quick, Naive<float>> image;
  const auto partial = try_load_partial(image, files + "huggingface");
  REQUIRE(!partial);
  CHECK(partial.error().message().find("image activation: expected quick_gelu (the model's), found gelu") !=
        std::string::npos);
}

TEST_CASE("load: a preprocessing other than the folder's is an error, by the folder's name and by the file's") {
  const TemporaryFolder temporary;
  const std::string folder = copy_folder(temporary), file = folder + "/model.safetensors.index.json";
  put(folder + "/preprocessor_config.json", R"({"size": {"height": 9, "width": 9}, "crop_size": 8, "resample": 2,
      "image_mean": [0.5, 0.25, 0.1], "image_std": [1, 1, 1]})");
  const std::string differences =
      ": resized side: expected 8 (the model's), found 9; resize: expected shortest (the model's), found squash; "
      "interpolation: expected bicubic (the model's), found bilinear; mean: expected 0.48145467, 0.4578275, 0.40821072 "
      "(the model's), found 0.5, 0.25, 0.1; deviation: expected 0.26862955, 0.2613026, 0.2757771 (the model's), found "
      "1.0, 1.0, 1.0 (" +
      folder + "/preprocessor_config.json)";
  CHECK(refused<Small<Stored>>(folder) == folder + differences);
  CHECK(refused<Small<Stored>>(file) == file + differences);
  CHECK(refused<ImageEncoder<Stored, Naive<float>>>(folder) == folder + differences);
  TextEncoder<Stored, Naive<float>> text;
  CHECK(try_load(text, folder).has_value());
  CHECK(refused<Small<Quick>>(folder).find("found gelu (" + folder + "/config.json)") != std::string::npos);
  put(folder + "/preprocessor_config.json", R"({"size": 16, "crop_size": 16})");
  CHECK(refused<Small<Stored>>(folder) ==
        folder +
            ": image size: expected 8 (the model's), found 16; resized side: expected 8 (the model's), found 16 (" +
            folder + "/preprocessor_config.json)");
}

TEST_CASE("load: OpenAI's own archives were trained with quick_gelu") {
  CHECK(refused<Small<Stored>>(files + "script.pt").find("image activation: expected quick_gelu") == std::string::npos);
  CHECK(refused<Small<Stored>>(files + "script.pt")
            .find("image activation: expected gelu (the model's), found quick_gelu") != std::string::npos);
  Small<Stored> model;
  CHECK(try_load(model, files + "half.pt").has_value());  // a file without statements
}

namespace {
std::string notice;  // the last one
int notices = 0;
}  // namespace

TEST_CASE("load: what a file leaves open is assumed with one notice, and none for a file that states it") {
  clip_process::said = 0;
  set_notice([](const char* sentence) {
    notice = sentence;
    ++notices;
  });
  Model<Stored, Naive<float>> model;
  load(model, files + "half.pt");
  load(model, files + "half.pt");
  set_notice(nullptr);
  CHECK(notices == 1);
  CHECK(notice.ends_with(
      "half.pt states less than the model does; assumed, as the model has them: image heads 4, image activation gelu, "
      "text heads 2, text activation gelu and mean 0.48145467, 0.4578275, 0.40821072"));
  const TemporaryFolder folder;
  save(model, folder / "own.safetensors");
  clip_process::said = 0;
  set_notice([](const char*) { ++notices; });
  load(model, folder / "own.safetensors");
  set_notice(nullptr);
  CHECK(notices == 1);
}
