#include <clip/checkpoint/huggingface_preprocessing.hpp>
#include <clip/checkpoint/infer.hpp>
#include <clip/checkpoint/save.hpp>
#include <clip/model/any_model.hpp>

#include "stored_clip.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace clip;
using namespace clip::testing;

namespace {
Result<detail::PreprocessingStatement> read(const std::string& text, std::string_view version = "4.57.6") {
  const Json json = parse_json(text, "p.json");
  detail::DescriptionReader reader{"p.json"};
  auto p = detail::read_huggingface_preprocessing(reader, json, version);
  if (auto done = reader.finish(); !done) return done.error();
  return p;
}
Preprocessing how(const std::string& text, std::string_view version = "4.57.6") {
  return read(text, version).value().how;
}
std::string refused(const std::string& text) {
  const auto p = read(text);
  REQUIRE(!p);
  CHECK(p.error().id() == "clip.load.keys");
  CHECK(p.error().place() == "p.json");
  return p.error().message().substr(8);
}
}  // namespace

TEST_CASE("image processor: what is left out is the default of its class") {
  const Preprocessing clip_default{.color_order = ColorOrder::huggingface};
  for (const char* text : {"{}", R"({"image_processor_type": "CLIPImageProcessor"})", R"({"size": null})",
                           R"({"feature_extractor_type": "CLIPFeatureExtractor", "size": 224, "crop_size": 224})"})
    CHECK(how(text) == clip_default);
  CHECK(read("{}").value().image_size == 224);
  const Preprocessing siglip = how(R"({"image_processor_type": "SiglipImageProcessor"})");
  CHECK(siglip.resize == ResizeMode::squash);
  CHECK(siglip.mean == inception_mean);
  CHECK(how(R"({"feature_extractor_type": "ViTFeatureExtractor"})").interpolation == Interpolation::bilinear);
}

TEST_CASE("image processor: size and crop_size in every form") {
  const auto is = [](const std::string& text, Index size, Index resize_to, ResizeMode mode) {
    CAPTURE(text);
    const auto p = read("{" + text + "}");
    REQUIRE(p);
    CHECK(p->image_size == size);
    CHECK(p->how.resize_to == resize_to);
    CHECK(p->how.resize == mode);
  };
  is(R"("size": 224, "crop_size": 224)", 224, 0, ResizeMode::shortest);
  is(R"("size": 256)", 224, 256, ResizeMode::shortest);
  is(R"("size": {"shortest_edge": 20}, "crop_size": {"height": 16, "width": 16})", 16, 20, ResizeMode::shortest);
  is(R"("size": {"height": 20, "width": 20}, "crop_size": [16, 16])", 16, 20, ResizeMode::squash);
  is(R"("size": [20, 20], "do_center_crop": false)", 20, 0, ResizeMode::squash);
  is(R"("size": 20, "default_to_square": true, "do_center_crop": false)", 20, 0, ResizeMode::squash);
  is(R"("size": {"shortest_edge": 20}, "use_square_size": true, "crop_size": 20)", 20, 0, ResizeMode::squash);
  is(R"("image_processor_type": "SiglipImageProcessor", "size": 20)", 20, 0, ResizeMode::squash);
}

TEST_CASE("image processor: filter, normalisation and resampling") {
  for (const char* name : {"2", "\"bilinear\"", "\"PILImageResampling.BILINEAR\""})
    CHECK(how("{\"resample\": " + std::string(name) + "}").interpolation == Interpolation::bilinear);
  CHECK(how(R"({"resample": "BICUBIC"})").interpolation == Interpolation::bicubic);
  const Preprocessing plain = how(R"({"do_normalize": false, "image_mean": [0.5, 0.5, 0.5]})");
  CHECK(plain.mean == std::array<float, 3>{0, 0, 0});
  CHECK(plain.deviation == std::array<float, 3>{1, 1, 1});
  CHECK(how(R"({"image_mean": 0.5, "image_std": 0.25})").mean == inception_mean);
  CHECK(how(R"({"rescale_factor": 0.00392156862745098, "do_rescale": true})").mean == openai_mean);
  CHECK(how(R"({"rescale_factor": 0.00392156862745098, "do_rescale": true})") == how("{}"));
  CHECK(how(R"({"rescale_factor": 0.5})").rescale_factor == 0.5);
  CHECK(how(R"({"rescale_factor": 0.5, "do_rescale": false})").rescale_factor == 1);
  CHECK_FALSE(plain.normalize);
  CHECK(how("{}").normalize);
  CHECK(how("{}").resampling == Resampling::pillow13);
  CHECK(how("{}", "5.24.0").resampling == Resampling::torchvision);
  CHECK(how(R"({"image_processor_type": "CLIPImageProcessorFast"})").resampling == Resampling::torchvision);
  CHECK(how(R"({"image_processor_type": "CLIPImageProcessorPil"})", "5.24.0").resampling == Resampling::pillow13);
  CHECK(how(R"({"processor_class": "CLIPProcessor", "use_fast": true, "data_format": "channels_first", "device": null,
                "do_convert_rgb": false, "do_pad": null, "pad_size": null, "return_tensors": null})")
            .mean == openai_mean);
}

TEST_CASE("image processor: whatever the library cannot do is one error") {
  for (const auto& [text, message] :
       {std::pair{R"({"do_resize": false})", "do_resize: expected true (images of any size are resized), found false"},
        {R"({"rescale_factor": 0})", "rescale_factor: expected a positive number, found 0"},
        {R"({"rescale_factor": -0.5})", "rescale_factor: expected a positive number, found -0.5"},
        {R"({"rescale_factor": 1e-300})", "rescale_factor: expected a positive number, found 1e-300"},
        {R"({"rescale_factor": "1/255"})", "rescale_factor: expected a positive number, found \"1/255\""},
        {R"({"do_rescale": 0})", "do_rescale: expected true or false, found 0"},
        {R"({"do_pad": true})", "do_pad: expected false (images are not padded), found true"},
        {R"({"pad_size": 8})", "pad_size: expected null, found 8"},
        {R"({"crop_pct": 0.5})", "crop_pct: expected no such key (its effect on the pixels is not known), found 0.5"},
        {R"({"do_center_crop": false})",
         "do_center_crop: expected true, unless size has \"height\" and \"width\" (a model's images are square), found "
         "false"},
        {R"({"size": 200})", "crop_size: expected at most size, 200 (images are not padded), found 224"},
        {R"({"resample": 1})", "resample: expected 2 (bilinear) or 3 (bicubic), found 1"},
        {R"({"resample": "lanczos"})", "resample: expected 2 (bilinear) or 3 (bicubic), found \"lanczos\""},
        {R"({"image_mean": [1, 2]})", "image_mean: expected three numbers, found an array of 2"},
        {R"({"image_std": [1, 0, 1]})", "image_std: expected positive numbers, found an array of 3"},
        {R"({"do_normalize": 1})", "do_normalize: expected true or false, found 1"},
        {R"({"do_convert_rgb": "yes"})", "do_convert_rgb: expected true or false, found \"yes\""},
        {R"({"image_processor_type": "BlipImageProcessor"})",
         "image_processor_type: expected CLIPImageProcessor, SiglipImageProcessor or ViTImageProcessor, found "
         "\"BlipImageProcessor\""},
        {R"({"size": -1, "resample": 0})",
         "size: expected n, {\"shortest_edge\": n}, or equal \"height\" and \"width\", found -1; resample: expected 2 "
         "(bilinear) or 3 (bicubic), found 0"}})
    CHECK(refused(text) == message);
  for (const char* size : {R"({"height": 224, "width": 448})", R"({"longest_edge": 224})",
                           R"({"shortest_edge": 224, "longest_edge": 448})", "\"224\"", "[224]", "0"})
    CHECK(refused("{\"size\": " + std::string(size) + "}").starts_with("size: expected n, "));
  CHECK(refused(R"({"crop_size": {"shortest_edge": 224}})").starts_with("crop_size: expected n, or equal"));
  CHECK(refused("[]") == "image processor: expected an object, found an array of 0");
}

TEST_CASE("image processor: processor_config.json of transformers 5 wins over preprocessor_config.json") {
  const TemporaryFolder temporary;
  const std::string folder = copy_folder(temporary);
  put(folder + "/preprocessor_config.json", R"({"size": 8, "crop_size": 8, "image_mean": [1, 1, 1]})");
  CHECK(inspect(folder).config.input().preprocessing.mean == std::array<float, 3>{1, 1, 1});
  put(folder + "/processor_config.json", R"({"processor_class": "CLIPProcessor"})");
  CHECK(inspect(folder).config.input().preprocessing.mean == std::array<float, 3>{1, 1, 1});
  put(folder + "/processor_config.json",
      R"({"image_processor": {"size": 10, "crop_size": 8, "image_mean": [2, 2, 2]}})");
  const Preprocessing p = inspect(folder).config.input().preprocessing;
  CHECK(p.mean == std::array<float, 3>{2, 2, 2});
  CHECK(p.resize_to == 10);
  put(folder + "/processor_config.json", R"({"image_processor": {"size": 10, "crop_size": 10}})");
  CHECK(try_inspect(folder).error().message() ==
        folder + ": image size: 8 by its shapes, 10 by " + folder + "/processor_config.json");
  put(folder + "/processor_config.json", R"({"image_processor": {"do_pad": true}})");
  CHECK(try_inspect(folder).error().message() ==
        folder + "/processor_config.json: image_processor.do_pad: expected false (images are not padded), found true");
}

TEST_CASE("image processor: a folder is written with what was found") {
  const TemporaryFolder folder;
  AnyConfig config{Stored};
  config.preprocessing() = {ResizeMode::squash,
                            Interpolation::bilinear,
                            ColorOrder::huggingface,
                            {0, 0, 0},
                            {1, 1, 1},
                            Resampling::torchvision,
                            10};
  AnyModel<Naive<float>> model{config};
  save(model, folder / "clip", {.dialect = Dialect::huggingface});
  CHECK(inspect(folder / "clip").config == config);
  CHECK(try_save(model, folder / "other", {.dialect = Dialect::openclip}).error().message() ==
        folder / "other" + ": resize_to in OpenCLIP's description: expected 8, found 10");
}
