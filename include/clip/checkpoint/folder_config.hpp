// clip/checkpoint/folder_config.hpp: writer of the JSON files that describe a model to transformers, OpenCLIP and
// Apple's code.
#pragma once

#include <clip/formats/dtype.hpp>
#include <clip/io/json.hpp>
#include <clip/model/any_config.hpp>
#include <clip/model/apple_json.hpp>
#include <clip/names/dialect.hpp>
#include <clip/tower/json_fields.hpp>

#include <array>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

/// A file of a folder: its name and its text.
using FolderFile = std::pair<std::string, std::string>;

/// What a family wrote, a JsonTree or a Json.
template <class Written>
Result<JsonTree> as_tree(Result<Written> written) {
  if (!written) return written.error();
  return JsonTree{std::move(written.value())};
}

/// config.json of transformers' CLIPModel and preprocessor_config.json of its CLIPImageProcessor, or those of
/// SiglipModel, MetaClip2Model or ChineseCLIPModel. OptionError: towers that transformers has in no one class.
template <class F>
Result<std::vector<FolderFile>> try_huggingface_files(const AnyConfigOf<F>& c, Dtype dtype, const std::string& place) {
  const auto tower = [&](const auto& config) {
    return as_tree(
        Description<std::remove_cvref_t<decltype(config)>>::try_write_huggingface(config, c.embed_dim, place));
  };
  auto vision = std::visit(tower, c.image);
  if (!vision) return vision.error();
  auto text = std::visit(tower, c.text);
  if (!text) return text.error();
  const auto class_of = [](const auto& config) {
    using D = Description<std::remove_cvref_t<decltype(config)>>;
    if constexpr (requires { D::huggingface_of(config); }) return D::huggingface_of(config);
    else return D::huggingface;
  };
  const HuggingfaceClass image = std::visit(class_of, c.image), model = std::visit(class_of, c.text);
  if (image.name != (model.image.empty() ? model.name : model.image))
    return OptionError{place, "class of both towers in transformers", image.name, model.name};
  if (!model.image.empty()) (*vision)["model_type"] = std::string(model.model_type) + "_vision_model";
  const std::string name{model.name};
  const char* const type = dtype == Dtype::f16    ? "float16"
                           : dtype == Dtype::bf16 ? "bfloat16"
                           : dtype == Dtype::f64  ? "float64"
                                                  : "float32";
  JsonTree described = json_object("architectures", std::array<std::string, 1>{name + "Model"},  //
                                   "model_type", std::string(model.model_type),                  //
                                   "dtype", type,                                                //
                                   "vision_config", std::move(*vision),                          //
                                   "text_config", std::move(*text));
  if (image.name == DescriptionDefaults::huggingface.name)
    described.put("projection_dim", c.embed_dim, "logit_scale_init_value", 2.6592);
  std::string config = json_text(described, 2);

  const ImageInput input = c.input();
  const Preprocessing& p = input.preprocessing;
  const Index side = p.resized(input.image_size);
  const bool squash = p.resize == ResizeMode::squash, torchvision = p.resampling == Resampling::torchvision;
  std::string preprocessing = json_text(
      json_object("image_processor_type",
                  std::string(model.processor.empty() ? model.name : model.processor) +
                      (torchvision ? "ImageProcessorFast" : "ImageProcessor"),                 //
                  "do_convert_rgb", true,                                                                            //
                  "do_resize", true,                                                                                 //
                  "size", squash ? json_object("height", side, "width", side) : json_object("shortest_edge", side),  //
                  "resample", p.interpolation == Interpolation::bicubic ? 3 : 2,                    // Pillow's numbers
                  "do_center_crop", !squash || side != input.image_size,                            //
                  "crop_size", json_object("height", input.image_size, "width", input.image_size),  //
                  "do_rescale", true,                                                               //
                  "rescale_factor", p.rescale_factor,                                               //
                  "do_normalize", p.normalize,                                                      //
                  "image_mean", colours_to_json(p.mean),                                            //
                  "image_std", colours_to_json(p.deviation)),
      2);
  return std::vector<FolderFile>{{"config.json", std::move(config) + "\n"},
                                 {"preprocessor_config.json", std::move(preprocessing) + "\n"}};
}

/// open_clip_config.json. OptionError: what such a file cannot state, which is a rescale_factor, a resize to more than
/// the model's size and, where the tower's own keys do not state them, two activations in one model, GELU by tanh and
/// an epsilon other than 1e-5.
template <class F>
Result<std::vector<FolderFile>> try_openclip_files(const AnyConfigOf<F>& c, const std::string& place) {
  // What the model's keys state of a tower; nothing, if its own keys do.
  const auto stated_by_model = [](const auto& config) {
    using D = Description<std::remove_cvref_t<decltype(config)>>;
    return D::in_own_openclip_keys ? TowerStatement{} : D::state(config);
  };
  const TowerStatement image = std::visit(stated_by_model, c.image), text = std::visit(stated_by_model, c.text);
  const Activation activation = text.activation.value_or(image.activation.value_or(Activation::gelu));
  if (activation == Activation::gelu_tanh || image.activation.value_or(activation) != activation)
    return OptionError{place, "activation in OpenCLIP's description", "quick_gelu or gelu, in both towers",
                       std::string(image.activation ? name_of(*image.activation) : "relu") + " and " +
                           std::string(name_of(activation))};
  for (const float epsilon : {image.epsilon.value_or(1e-5f), text.epsilon.value_or(1e-5f)})
    if (epsilon != 1e-5f) return OptionError{place, "epsilon in OpenCLIP's description", 1e-5f, epsilon};
  const auto tower = [&](const auto& config) {
    return as_tree(Description<std::remove_cvref_t<decltype(config)>>::try_write_openclip(config, place));
  };
  auto vision_cfg = std::visit(tower, c.image);
  if (!vision_cfg) return vision_cfg.error();
  auto text_cfg = std::visit(tower, c.text);
  if (!text_cfg) return text_cfg.error();
  JsonTree model =
      json_object("embed_dim", c.embed_dim, "vision_cfg", std::move(*vision_cfg), "text_cfg", std::move(*text_cfg));
  if (activation == Activation::quick_gelu) model["quick_gelu"] = true;
  if (c.logit_bias) model["init_logit_bias"] = -10;
  const auto in_own_keys = [](const auto& t) {
    return Description<std::remove_cvref_t<decltype(t)>>::in_own_openclip_keys;
  };
  if (std::visit(in_own_keys, c.text) || std::visit(in_own_keys, c.image) ||
      (*model)["vision_cfg"].contains("timm_model_name"))
    model["custom_text"] = true;
  const ImageInput input = c.input();
  const Preprocessing& p = input.preprocessing;
  if (p.rescale_factor != usual_rescale_factor)
    return OptionError{place, "rescale_factor in OpenCLIP's description", usual_rescale_factor, p.rescale_factor};
  if (const Index side = p.resized(input.image_size); side != input.image_size)
    return OptionError{place, "resize_to in OpenCLIP's description", input.image_size, side};
  JsonTree preprocess = json_object("size", input.image_size,                                //
                                    "mean", colours_to_json(p.mean),                         //
                                    "std", colours_to_json(p.deviation),                     //
                                    "interpolation", std::string(name_of(p.interpolation)),  //
                                    "resize_mode", std::string(name_of(p.resize)));
  std::string config =
      json_text(json_object("model_cfg", std::move(model), "preprocess_cfg", std::move(preprocess)), 2);
  return std::vector<FolderFile>{{"open_clip_config.json", std::move(config) + "\n"}};
}

/// config.json with the content of Apple's configs/mobileclip_s1.json. OptionError: towers of others, fused ones, and
/// what Apple's code fixes: the activation, the epsilon, and a preprocessing other than bilinear without normalisation.
template <class F>
Result<std::vector<FolderFile>> try_apple_files(const AnyConfigOf<F>& c, const std::string& place) {
  const auto tower = [&](const auto& config) -> Result<JsonTree> {
    using D = Description<std::remove_cvref_t<decltype(config)>>;
    if constexpr (InApplesJson<std::remove_cvref_t<decltype(config)>>) return D::try_write_apple(config, place);
    else
      return OptionError{place, "tower in Apple's description", "one of MobileCLIP, with branches",
                         D::in_words(config)};
  };
  auto image = std::visit(tower, c.image);
  if (!image) return image.error();
  auto text = std::visit(tower, c.text);
  if (!text) return text.error();
  Preprocessing apples{.interpolation = Interpolation::bilinear, .mean = {0, 0, 0}, .deviation = {1, 1, 1}};
  apples.resampling = c.input().preprocessing.resampling;
  if (c.input().preprocessing != apples)
    return OptionError{place, "preprocessing in Apple's description", "bilinear, mean 0, deviation 1", "another"};
  std::string config =
      json_text(json_object("embed_dim", c.embed_dim, "image_cfg", std::move(*image), "text_cfg", std::move(*text)), 2);
  return std::vector<FolderFile>{{"config.json", std::move(config) + "\n"}};
}

}  // namespace clip::inline CLIP_ABI::detail
