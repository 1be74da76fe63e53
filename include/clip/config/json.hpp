// clip/config/json.hpp: configurations as JSON files: the library's own, and OpenCLIP's.
#pragma once

#include <clip/config/any.hpp>
#include <clip/config/openclip_json.hpp>
#include <clip/io/bytes.hpp>
#include <clip/io/json.hpp>
#include <clip/io/json_reader.hpp>
#include <clip/io/mapped_file.hpp>

#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace clip::inline CLIP_ABI {

namespace detail {

inline Activation read_activation(JsonReader& file, const std::string& key) {
  return read_choice(file, key, Activation::quick_gelu, activations);
}

inline Preprocessing read_preprocessing(JsonReader& image) {
  Preprocessing p;
  if (image.may_have("resize")) p.resize = read_choice(image, "resize", p.resize, resize_modes);
  if (image.may_have("interpolation"))
    p.interpolation = read_choice(image, "interpolation", p.interpolation, interpolations);
  if (image.may_have("color_order")) p.color_order = read_choice(image, "color_order", p.color_order, color_orders);
  p.mean = read_three(image, "mean", p.mean);
  p.deviation = read_three(image, "deviation", p.deviation);
  return p;
}

/// What both transformers say in the same words.
template <class Config>
Config read_transformer(JsonReader& file, Config c) {
  c.width = file.integer("width", 1);
  c.layers = file.integer("layers", 1);
  c.heads = file.integer("heads", 1);
  c.activation = read_activation(file, "activation");
  c.epsilon = static_cast<float>(file.number("epsilon"));
  if (file.may_have("mlp_width")) c.mlp_width = file.integer("mlp_width", 1);
  return c;
}

inline VitConfig read_vit(JsonReader& file) {
  VitConfig c{.image_size = 0,
              .patch_size = 0,
              .width = 0,
              .layers = 0,
              .heads = 0,
              .activation = Activation::quick_gelu,
              .epsilon = 0.0f};
  c.image_size = file.integer("image_size", 1);
  c.patch_size = file.integer("patch_size", 1);
  c = read_transformer(file, c);
  c.preprocessing = read_preprocessing(file);
  return c;
}

inline ResNetConfig read_resnet(JsonReader& file) {
  ResNetConfig c{.image_size = file.integer("image_size", 1),
                 .layers = read_stages(file, "layers"),
                 .width = file.integer("width", 1)};
  c.preprocessing = read_preprocessing(file);
  return c;
}

inline TextConfig read_text(JsonReader& file) {
  TextConfig c{.context = 0,
               .vocabulary = 0,
               .width = 0,
               .layers = 0,
               .heads = 0,
               .activation = Activation::quick_gelu,
               .epsilon = 0.0f};
  c.context = file.integer("context", 2);
  c.vocabulary = file.integer("vocabulary", 2);
  return read_transformer(file, c);
}

inline Json colours_to_json(const std::array<float, 3>& colours) {
  Json json = Json::array();
  for (const float x : colours) json.push_back(as_written(x));
  return json;
}

template <class Config>
Json transformer_to_json(const Config& c) {
  Json json{{"width", c.width},
            {"layers", c.layers},
            {"heads", c.heads},
            {"activation", std::string(name_of(c.activation))},
            {"epsilon", as_written(c.epsilon.value)}};
  if (c.mlp_width != 0) json["mlp_width"] = c.mlp_width;
  return json;
}

inline Json tower_to_json(const VitConfig& c) {
  Json json = transformer_to_json(c);
  json["patch_size"] = c.patch_size;
  return json;
}
inline Json tower_to_json(const ResNetConfig& c) { return {{"layers", c.layers}, {"width", c.width}}; }

}  // namespace detail

/// A configuration out of JSON text; `place` is the file errors name. Every missing, misspelt or impossible field is told.
///   {"embed_dim": 64,
///    "image": {"image_size": 28, "patch_size": 7, "width": 64, "layers": 3, "heads": 1, "activation": "quick_gelu", "epsilon": 1e-5},
///    "text": {"context": 32, "vocabulary": 514, "width": 64, "layers": 2, "heads": 1, "activation": "quick_gelu", "epsilon": 1e-5}}
/// A residual network says {"image_size": 224, "layers": [3, 4, 6, 3], "width": 64} instead. Optional: mlp_width in both
/// transformers; in image mean and deviation (three numbers each), resize ("shortest", "squash"), interpolation ("bicubic",
/// "bilinear"), color_order ("openai", "huggingface"). OpenCLIP's own files ("vision_cfg" …) are read as well.
inline Result<AnyConfig> try_parse_config(std::string_view text, const std::string& place) {
  const auto json = try_parse_json(text, place);
  if (!json) return json.error();
  if (detail::is_openclip_config(*json)) return detail::try_read_openclip_config(*json, place);
  JsonReader file{*json, place};
  const Index embed_dim = file.integer("embed_dim", 1);
  JsonReader image = file.object("image");
  AnyConfig config =
      image.holds_array("layers")
          ? AnyConfig{ClipConfig<ResNetConfig, TextConfig>{embed_dim, detail::read_resnet(image), detail::no_text}}
          : AnyConfig{VitClipConfig{embed_dim, detail::read_vit(image), detail::no_text}};
  JsonReader words = file.object("text");
  config.text = detail::read_text(words);
  if (auto done = file.finish(); !done) return done.error();
  if (auto possible = check(config); !possible) return OptionError{place, possible.error().message()};
  return config;
}

/// A configuration from a JSON file.
inline Result<AnyConfig> try_read_config(const std::string& path) {
  const auto file = try_map_file(path);
  if (!file) return file.error();
  return try_parse_config(as_text(file->bytes()), path);
}
inline AnyConfig read_config(const std::string& path) { return try_read_config(path).value(); }

/// The configuration as JSON, with every field: what runs store beside their weights.
inline Json to_json(const AnyConfig& c) {
  Json image = std::visit([](const auto& tower) { return detail::tower_to_json(tower); }, c.image);
  const ImageInput input = c.input();
  image["image_size"] = input.image_size;
  image["mean"] = detail::colours_to_json(input.preprocessing.mean);
  image["deviation"] = detail::colours_to_json(input.preprocessing.deviation);
  image["resize"] = std::string(name_of(input.preprocessing.resize));
  image["interpolation"] = std::string(name_of(input.preprocessing.interpolation));
  image["color_order"] = std::string(name_of(input.preprocessing.color_order));
  Json text = detail::transformer_to_json(c.text);
  text["context"] = c.text.context;
  text["vocabulary"] = c.text.vocabulary;
  return {{"embed_dim", c.embed_dim}, {"image", std::move(image)}, {"text", std::move(text)}};
}

}  // namespace clip::inline CLIP_ABI
