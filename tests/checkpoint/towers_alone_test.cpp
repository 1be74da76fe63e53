// Folders and files of transformers' CLIPVisionModel, CLIPTextModel, and both with projection.
#include <clip/checkpoint/infer.hpp>
#include <clip/checkpoint/model_file.hpp>
#include <clip/checkpoint/open_encoder.hpp>
#include <clip/formats/rewrite.hpp>
#include <clip/formats/safetensors_write.hpp>
#include <clip/io/json.hpp>
#include <clip/model/any_encoder.hpp>

#include "stored_clip.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {

/// Some tensors of the folder tests/checkpoint/files/huggingface: those whose names begin with `tower` (without which
/// they are written if `bare`), and with `projection`, if one is given; `before` stands before all names.
void write_half(const std::string& path, std::string_view tower, std::string_view projection, bool bare,
                const std::string& before = "") {
  const TensorFile both = open_tensors(files + "huggingface");
  std::vector<TensorToWrite> tensors;
  for (const FileTensor& t : both.tensors()) {
    const bool inside = t.name.starts_with(tower);
    if (!inside && (projection.empty() || !t.name.starts_with(projection))) continue;
    tensors.push_back(
        {before + (inside && bare ? t.name.substr(tower.size()) : t.name), t.dtype, t.shape, t.parts[0].bytes, {}});
  }
  write_safetensors(path, tensors, {{"format", "pt"}});
}

/// A folder as save_pretrained writes it: the tower's own config.json.
void write_folder(const std::string& folder, const std::string& part, std::string_view tower,
                  std::string_view projection, bool bare) {
  std::filesystem::create_directory(folder);
  Json config = parse_json(get(files + "huggingface/config.json"), "config.json")[part];
  config["model_type"] = part == "vision_config" ? "clip_vision_model" : "clip_text_model";
  put(folder + "/config.json", json_text(config));
  write_half(folder + "/model.safetensors", tower, projection, bare);
}

Images some_images() {
  std::vector<float> values(192);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 7) - 3;
  return Images::from_floats(1, 3, 8, 8, values);
}
Texts some_texts() {
  Texts texts{11};
  texts.add(std::vector<std::int32_t>{10, 3, 11});
  return texts;
}

template <class F>
std::vector<float> values_of(const F& features) {
  return {features.values().begin(), features.values().end()};
}

inline constexpr struct {
  Index embed_dim = 16;
  VitConfig image = Stored.image;
  TextConfig text = Stored.text;
} Wide{};

}  // namespace

TEST_CASE("towers alone: with projection they load and encode as in the whole model, from folders and files") {
  const TemporaryFolder folder;
  Model<Stored, Naive<float>> whole;
  load(whole, files + "huggingface");
  for (const bool bare : {false, true}) {
    const std::string name = bare ? "bare" : "named";
    write_folder(folder / name + "-image", "vision_config", "vision_model.", "visual_projection.", bare);
    write_folder(folder / name + "-text", "text_config", "text_model.", "text_projection.", bare);
    write_half(folder / name + "-image.safetensors", "vision_model.", "visual_projection.", bare, "clip.");
    write_half(folder / name + "-text.safetensors", "text_model.", "text_projection.", bare, "clip.");
    for (const char* const ending : {"", ".safetensors", "/model.safetensors"}) {
      const std::string image_path = folder / name + "-image" + ending, text_path = folder / name + "-text" + ending;
      if (std::string_view{ending} == "/model.safetensors" && !std::filesystem::exists(image_path)) continue;
      CAPTURE(image_path);
      AnyImageEncoder<Naive<float>, KnownFamilies::Images> image{Stored.image, 8};
      load(image, image_path);
      CHECK(values_of(image.encode_image(some_images())) == values_of(whole.encode_image(some_images())));
      TextEncoder<Stored, Naive<float>> text;
      load(text, text_path);
      CHECK(values_of(text.encode_text(some_texts())) == values_of(whole.encode_text(some_texts())));
    }
  }
}

TEST_CASE("towers alone: inspect says what they are") {
  const TemporaryFolder folder;
  const auto kind = [&](std::string_view tower, std::string_view projection) {
    write_half(folder / "half", tower, projection, true);
    const auto found = try_inspect(folder / "half");
    REQUIRE(!found);
    CHECK(found.error().id() == "clip.load.model");
    return found.error().message();
  };
  CHECK(kind("vision_model.", "visual_projection.")
            .find("found the image tower of a CLIP alone, which loads into an ImageEncoder (clip embed); ") !=
        std::string::npos);
  CHECK(kind("text_model.", "")
            .find("found the text tower of a CLIP alone, without projection, which loads into a TextEncoder (clip "
                  "embed); ") != std::string::npos);
}

TEST_CASE("towers alone: the folder's statements are compared with the encoder") {
  const TemporaryFolder folder;
  write_folder(folder / "image", "vision_config", "vision_model.", "visual_projection.", false);
  ImageEncoder<Quick, Naive<float>> image;
  const auto refused = try_load(image, folder / "image");
  REQUIRE(!refused);
  CHECK(refused.error().message() == folder / "image" +
                                         ": image activation: expected quick_gelu (the model's), found gelu (" +
                                         (folder / "image/config.json") + ")");
}

TEST_CASE("towers alone: without projection the features are the pooled rows after the last layer norm") {
  const TemporaryFolder folder;
  write_folder(folder / "image", "vision_config", "vision_model.", "", true);
  write_folder(folder / "text", "text_config", "text_model.", "", true);
  ImageEncoder<Stored, Naive<float>> image;
  const auto refused = try_load(image, folder / "image");
  REQUIRE(!refused);
  CHECK(refused.error().id() == "clip.load.names");
  CHECK(refused.error().message() ==
        folder / "image" +
            ": names: 1 missing (visual.proj); the tower has no projection (as transformers' "
            "CLIPVisionModel and CLIPTextModel): LoadOptions::without_projection (--without-projection "
            "of clip embed) takes its pooled rows, 16 wide");
  const auto narrow = try_load(image, folder / "image", {.without_projection = true});
  REQUIRE(!narrow);
  CHECK(narrow.error().id() == "clip.load.projection");
  CHECK(narrow.error().message() ==
        folder / "image" + ": without projection: embed_dim of the model: expected 16, found 8");
  const auto whole = try_load(image, files + "huggingface", {.without_projection = true});
  REQUIRE(!whole);
  CHECK(whole.error().id() == "clip.load.projection");

  ImageEncoder<Wide, Naive<float>> wide;
  load(wide, folder / "image", {.without_projection = true});
  load(image, files + "huggingface");
  TextEncoder<Wide, Naive<float>> wide_text;
  load(wide_text, folder / "text", {.without_projection = true});
  TextEncoder<Stored, Naive<float>> text;
  load(text, files + "huggingface");
  // The projection of these rows is the embedding of the whole model.
  const auto check = [](const auto& rows, const auto& projection, const auto& embedding) {
    REQUIRE(rows.width() == 16);
    for (Index k = 0; k < 8; ++k) {
      double sum = 0;
      for (Index j = 0; j < 16; ++j)
        sum += static_cast<double>(rows[0][static_cast<std::size_t>(j)]) * projection.view()(j, k);
      CHECK(embedding[0][static_cast<std::size_t>(k)] == doctest::Approx(sum));
    }
  };
  check(wide.encode_image(some_images()), image.tower.proj, image.encode_image(some_images()));
  check(wide_text.encode_text(some_texts()), text.tower.text_projection, text.encode_text(some_texts()));
  // Its rows are normalised: with the weights and biases of the layer norm taken away, mean 0 and variance 1.
  const auto rows = wide.encode_image(some_images());
  double mean = 0, square = 0;
  for (Index j = 0; j < 16; ++j) {
    const double x =
        (static_cast<double>(rows[0][static_cast<std::size_t>(j)]) - wide.tower.ln_post.bias.view()(0, j)) /
        wide.tower.ln_post.weight.view()(0, j);
    mean += x / 16;
    square += x * x / 16;
  }
  CHECK(mean == doctest::Approx(0).epsilon(1e-4));
  CHECK(square == doctest::Approx(1).epsilon(1e-3));
}

TEST_CASE("towers alone: open infers their sizes, with and without projection, from folders and from shapes alone") {
  const TemporaryFolder folder;
  Model<Stored, Naive<float>> whole;
  load(whole, files + "huggingface");
  const Assumptions assumed{.activation = Activation::gelu, .image_heads = 4, .text_heads = 2};
  for (const bool projects : {true, false})
    for (const bool bare : {true, false}) {
      const std::string name = std::string(projects ? "p" : "n") + (bare ? "b" : "f");
      const std::string_view visual = projects ? "visual_projection." : "", text = projects ? "text_projection." : "";
      write_folder(folder / name + "i", "vision_config", "vision_model.", visual, bare);
      write_folder(folder / name + "t", "text_config", "text_model.", text, bare);
      write_half(folder / name + "i.safetensors", "vision_model.", visual, bare);
      write_half(folder / name + "t.safetensors", "text_model.", text, bare);
      CAPTURE(name);
      const auto from_folder = open_image_encoder<Naive<float>>(folder / name + "i");
      const auto from_shapes = open_image_encoder<Naive<float>>(folder / name + "i.safetensors", assumed);
      const auto text_from_folder = open_text_encoder<Naive<float>>(folder / name + "t");
      const auto text_from_shapes = open_text_encoder<Naive<float>>(folder / name + "t.safetensors", assumed);
      const auto rows = values_of(from_folder.encode_image(some_images()));
      const auto text_rows = values_of(text_from_folder.encode_text(some_texts()));
      CHECK(rows == values_of(from_shapes.encode_image(some_images())));
      CHECK(text_rows == values_of(text_from_shapes.encode_text(some_texts())));
      CHECK(rows.size() == (projects ? 8 : 16));
      CHECK(text_rows.size() == (projects ? 8 : 16));
      if (!projects) continue;
      CHECK(rows == values_of(whole.encode_image(some_images())));
      CHECK(text_rows == values_of(whole.encode_text(some_texts())));
    }
  // A whole model has both towers.
  CHECK(values_of(open_image_encoder<Naive<float>>(files + "huggingface").encode_image(some_images())) ==
        values_of(whole.encode_image(some_images())));
  // What shapes do not say must be assumed; what is there is compared.
  const auto unknown = try_open_image_encoder<Naive<float>>(folder / "pbi.safetensors", {.image_heads = 4});
  REQUIRE(!unknown);
  CHECK(unknown.error().id() == "clip.load.activation");
  const auto heads = try_open_text_encoder<Naive<float>>(folder / "pbt.safetensors", {.activation = Activation::gelu});
  REQUIRE(!heads);
  CHECK(heads.error().message().find("the heads of the text tower are not known") != std::string::npos);
  const auto other = try_open_text_encoder<Naive<float>>(folder / "pbi.safetensors", assumed);
  REQUIRE(!other);
  CHECK(other.error().id() == "clip.load.model");
  CHECK(other.error().message().find("no text tower of a CLIP: found the image tower of a CLIP alone") !=
        std::string::npos);
}
