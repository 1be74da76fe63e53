// clip/config/json.hpp: configurations as JSON files.
#pragma once

#include <clip/config/clip.hpp>
#include <clip/io/json.hpp>
#include <clip/io/json_reader.hpp>
#include <clip/io/map.hpp>

#include <algorithm>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

using VitClipConfig = ClipConfig<VitConfig, TextConfig>;

namespace detail {

inline Activation read_activation(JsonReader& file, const std::string& key) {
  const std::string name = file.text(key);
  const auto activation = try_activation(name);
  if (!activation && !name.empty()) file.problem(key, "expected quick_gelu, gelu or gelu_tanh, found \"" + name + "\"");
  return activation ? *activation : Activation::quick_gelu;
}

inline std::array<float, 3> read_three(JsonReader& file, const std::string& key, std::array<float, 3> otherwise) {
  if (!file.may_have(key)) return otherwise;
  const auto values = file.numbers(key, 3);
  for (std::size_t i = 0; i < values.size(); ++i) otherwise[i] = static_cast<float>(values[i]);
  return otherwise;
}

/// What both towers say in the same words.
template <class Config>
Config read_tower(JsonReader& file, Config c) {
  c.width = file.integer("width", 1);
  c.layers = file.integer("layers", 1);
  c.heads = file.integer("heads", 1);
  c.activation = read_activation(file, "activation");
  c.epsilon = static_cast<float>(file.number("epsilon"));
  if (file.may_have("mlp_width")) c.mlp_width = file.integer("mlp_width", 1);
  return c;
}

template <class Config>
Json tower_to_json(const Config& c) {
  Json json{{"width", c.width}, {"layers", c.layers}, {"heads", c.heads}, {"activation", std::string(name_of(c.activation))}, {"epsilon", c.epsilon.value}};
  if (c.mlp_width != 0) json["mlp_width"] = c.mlp_width;
  return json;
}

}  // namespace detail

/// A configuration out of JSON text; `place` is the file errors name. Every missing, misspelt or impossible field is told.
///   {"embed_dim": 64,
///    "image": {"image_size": 28, "patch_size": 7, "width": 64, "layers": 3, "heads": 1, "activation": "quick_gelu", "epsilon": 1e-5},
///    "text": {"context": 32, "vocabulary": 514, "width": 64, "layers": 2, "heads": 1, "activation": "quick_gelu", "epsilon": 1e-5}}
/// Optional: mlp_width in both towers; mean and deviation (three numbers each) in image.
inline Result<VitClipConfig> try_parse_config(std::string_view text, const std::string& place) {
  const auto json = try_parse_json(text, place);
  if (!json) return json.error();
  JsonReader file{*json, place};
  VitConfig image{.image_size = 0, .patch_size = 0, .width = 0, .layers = 0, .heads = 0, .activation = Activation::quick_gelu, .epsilon = 0.0f};
  TextConfig words{.context = 0, .vocabulary = 0, .width = 0, .layers = 0, .heads = 0, .activation = Activation::quick_gelu, .epsilon = 0.0f};
  const Index embed_dim = file.integer("embed_dim", 1);
  JsonReader image_file = file.object("image");
  image.image_size = image_file.integer("image_size", 1);
  image.patch_size = image_file.integer("patch_size", 1);
  image = detail::read_tower(image_file, image);
  image.mean = detail::read_three(image_file, "mean", image.mean);
  image.deviation = detail::read_three(image_file, "deviation", image.deviation);
  JsonReader text_file = file.object("text");
  words.context = text_file.integer("context", 2);
  words.vocabulary = text_file.integer("vocabulary", 2);
  words = detail::read_tower(text_file, words);
  if (auto done = file.finish(); !done) return done.error();
  const VitClipConfig config{embed_dim, image, words};
  if (auto possible = check(config); !possible) return OptionError{place, possible.error().message()};
  return config;
}

/// A configuration from a JSON file.
inline Result<VitClipConfig> try_read_config(const std::string& path) {
  const auto file = try_map(path);
  if (!file) return file.error();
  const auto bytes = file->bytes();
  return try_parse_config({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path);
}
inline VitClipConfig read_config(const std::string& path) { return try_read_config(path).value(); }

/// The configuration as JSON, with every field: what runs store beside their weights.
inline Json to_json(const VitClipConfig& c) {
  Json image = detail::tower_to_json(c.image);
  image["image_size"] = c.image.image_size;
  image["patch_size"] = c.image.patch_size;
  image["mean"] = c.image.mean;
  image["deviation"] = c.image.deviation;
  Json text = detail::tower_to_json(c.text);
  text["context"] = c.text.context;
  text["vocabulary"] = c.text.vocabulary;
  return {{"embed_dim", c.embed_dim}, {"image", std::move(image)}, {"text", std::move(text)}};
}

}  // namespace clip::inline CLIP_ABI
