// clip/tower/json_fields.hpp: JSON fields shared by tower families: activation, preprocessing, transformer sizes.
#pragma once

#include <clip/config/activation.hpp>
#include <clip/config/bounds.hpp>
#include <clip/config/preprocessing.hpp>
#include <clip/config/pruned_blocks.hpp>
#include <clip/io/json.hpp>
#include <clip/io/json_reader.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

/// One of several named choices. An unknown name is a problem of the reader, and the result `otherwise`.
template <class Choice, std::size_t count>
Choice read_choice(JsonReader& file, const std::string& key, Choice otherwise,
                   const std::array<Choice, count>& choices) {
  const std::string name = file.text(key);
  const auto choice = choice_named(name, choices);
  if (!choice && !name.empty()) file.problem(key, "expected " + names_in_words(choices) + ", found \"" + name + "\"");
  return choice.value_or(otherwise);
}

/// Three numbers, or `otherwise` if the key is absent.
inline std::array<float, 3> read_three(JsonReader& file, const std::string& key, std::array<float, 3> otherwise) {
  if (!file.may_have(key)) return otherwise;
  const auto values = file.numbers(key, 3);
  for (std::size_t i = 0; i < values.size(); ++i) otherwise[i] = static_cast<float>(values[i]);
  return otherwise;
}

/// An activation by its name in our own JSON.
inline Activation read_activation(JsonReader& file, const std::string& key) {
  return read_choice(file, key, Activation::quick_gelu, activations);
}

/// The fields of a preprocessing in the JSON object of an image tower; absent ones keep the values of `p`.
inline Preprocessing read_preprocessing(JsonReader& image, Preprocessing p = {}) {
  if (image.may_have("resize")) p.resize = read_choice(image, "resize", p.resize, resize_modes);
  if (image.may_have("interpolation"))
    p.interpolation = read_choice(image, "interpolation", p.interpolation, interpolations);
  if (image.may_have("color_order")) p.color_order = read_choice(image, "color_order", p.color_order, color_orders);
  if (image.may_have("resampling")) p.resampling = read_choice(image, "resampling", p.resampling, resamplings);
  if (image.may_have("resize_to")) p.resize_to = image.extent("resize_to", largest_extent, 0);
  if (image.may_have("rescale_factor")) p.rescale_factor = image.number("rescale_factor");
  if (image.may_have("normalize")) p.normalize = image.flag("normalize");
  p.mean = read_three(image, "mean", p.mean);
  p.deviation = read_three(image, "deviation", p.deviation);
  return p;
}

inline JsonTree colours_to_json(const std::array<float, 3>& colours) {
  JsonTree json{Json::array()};
  for (const float x : colours) json->push_back(as_written(x));
  return json;
}

/// Adds the fields of a preprocessing to the JSON object of an image tower; resampling, resize_to, rescale_factor and
/// normalize only if they are not the defaults.
inline void write_preprocessing(Json& image, const Preprocessing& p) {
  detail::put_fields(image, "mean", colours_to_json(p.mean), "deviation", colours_to_json(p.deviation));
  image["resize"] = std::string(name_of(p.resize));
  image["interpolation"] = std::string(name_of(p.interpolation));
  image["color_order"] = std::string(name_of(p.color_order));
  if (p.resampling != Preprocessing{}.resampling) image["resampling"] = std::string(name_of(p.resampling));
  if (p.resize_to != 0) image["resize_to"] = p.resize_to;
  if (p.rescale_factor != usual_rescale_factor) image["rescale_factor"] = p.rescale_factor;
  if (!p.normalize) image["normalize"] = false;
}

/// The number of blocks of each of the four stages.
inline std::array<Index, 4> read_stages(JsonReader& image) {
  std::array<Index, 4> stages{1, 1, 1, 1};
  const auto values = image.numbers("layers", 4);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!(values[i] >= 1 && values[i] <= 1000)) {
      image.problem("layers", "expected four numbers of 1 ... 1000");
      break;
    }
    stages[i] = static_cast<Index>(values[i]);
  }
  return stages;
}

/// Width, layers, heads, activation, epsilon and, if it is given, mlp_width of a transformer.
template <class Config>
Config read_transformer(JsonReader& file, Config c) {
  c.width = file.extent("width", largest_extent);
  c.layers = file.extent("layers", most_layers);
  c.heads = file.extent("heads", largest_extent);
  c.activation = read_activation(file, "activation");
  c.epsilon = static_cast<float>(file.number("epsilon"));
  if (file.may_have("mlp_width")) c.mlp_width = file.extent("mlp_width", largest_extent);
  return c;
}

/// The JSON object that read_transformer reads.
template <class Config>
JsonTree transformer_to_json(const Config& c) {
  JsonTree json = json_object("width", c.width, "layers", c.layers, "heads", c.heads, "activation",
                              std::string(name_of(c.activation)), "epsilon", as_written(c.epsilon.value));
  if (c.mlp_width != 0) json["mlp_width"] = c.mlp_width;
  return json;
}

/// The keys of a pruned tower: head_width, and heads and MLP width of every block. Absent ones: it is not pruned.
template <class Config>
void read_pruned_blocks(JsonReader& file, Config& c) {
  if (!file.may_have("head_width")) return;
  c.pruned.head_width = file.extent("head_width", 4096);
  const auto read = [&](const char* key, auto& sizes) {
    const auto count = static_cast<std::size_t>(c.layers);
    if (count > sizes.size()) return file.problem(key, "expected at most 32 layers");
    const auto values = file.numbers(key, c.layers);
    for (std::size_t i = 0; i < values.size(); ++i)
      if (values[i] >= 0 && values[i] <= static_cast<double>(largest_pruned_size))
        sizes[i] = static_cast<std::int32_t>(values[i]);
      else file.problem(key, "expected sizes of 0 ... 1048576");
  };
  read("block_heads", c.pruned.heads);
  read("block_mlp_width", c.pruned.hidden);
}

/// Adds these keys to the JSON object of a tower that is pruned.
template <class Config>
void write_pruned_blocks(Json& tower, const Config& c) {
  if (!c.pruned) return;
  const auto list = [&](const auto& sizes) {
    JsonTree json{Json::array()};
    for (Index i = 0; i < c.layers; ++i) json->push_back(sizes[static_cast<std::size_t>(i)]);
    return json;
  };
  detail::put_fields(tower, "head_width", c.pruned.head_width, "block_heads", list(c.pruned.heads), "block_mlp_width",
                     list(c.pruned.hidden));
}

/// The error about a description of another library for a tower that is pruned.
inline Error pruned_error(const std::string& place, const std::string& dialect) {
  return OptionError{place, "dialect for a tower whose blocks differ in size (TinyCLIP's auto-inherited models)",
                     "openai or tinyclip, or a single file", dialect};
}

/// Sizes of pruned blocks for a sentence: "heads 1, 0, 2, MLP 24, 0, 10"; of others, their heads: "heads 12".
template <class Config>
std::string heads_in_words(const Config& c) {
  if (!c.pruned) return "heads " + std::to_string(c.heads);
  std::string heads, hidden;
  for (Index i = 0; i < c.layers; ++i) {
    const auto at = static_cast<std::size_t>(i);
    heads += (i > 0 ? ", " : "") + std::to_string(c.pruned.heads[at]);
    hidden += (i > 0 ? ", " : "") + std::to_string(c.pruned.hidden[at]);
  }
  return "heads " + heads + " of " + std::to_string(c.pruned.head_width) + ", MLP " + hidden;
}

/// The keys of OpenCLIP's vision_cfg about a tower of timm whose own head is the projection; the name is read
/// elsewhere, and what concerns training has no effect.
inline void read_timm_keys(JsonReader& image, std::string_view pool) {
  for (const char* const key : {"timm_model_name", "timm_model_pretrained", "timm_proj", "timm_drop", "timm_drop_path"})
    static_cast<void>(image.may_have(key));
  if (image.may_have("timm_pool") && !image.says("timm_pool", pool))
    image.problem("timm_pool", "expected " + std::string(pool));
}

/// The vision_cfg with those keys.
inline JsonTree timm_keys(std::string_view name, Index image_size, std::string_view pool) {
  return json_object("image_size", image_size, "timm_model_name", std::string(name), "timm_model_pretrained", false,
                     "timm_pool", std::string(pool), "timm_proj", nullptr);
}

/// OpenCLIP's mlp_ratio as the MLP's width: int(width · ratio); 0 for the usual 4 · width.
inline Index read_mlp_ratio(JsonReader& tower, Index width) {
  if (!tower.may_have("mlp_ratio")) return 0;
  const double product = static_cast<double>(width) * tower.number("mlp_ratio");
  if (!(product >= 1 && product <= static_cast<double>(largest_extent))) {
    tower.problem("mlp_ratio", "expected a width of the MLP in 1 ... " + std::to_string(largest_extent));
    return 0;
  }
  const auto hidden = static_cast<Index>(product);
  return hidden == 4 * width ? 0 : hidden;
}

/// The ratio r for which int(width · r) is the width of the MLP.
inline double mlp_ratio(Index width, Index hidden) {
  double ratio = static_cast<double>(hidden) / static_cast<double>(width);
  while (static_cast<Index>(static_cast<double>(width) * ratio) < hidden) ratio = std::nextafter(ratio, 1e9);
  return ratio;
}

/// transformers' name of an activation, for its config.json.
struct HuggingfaceActivation {
  std::string_view name;
  Activation activation;
};
constexpr std::string_view name_of(const HuggingfaceActivation& known) { return known.name; }
inline constexpr std::array<HuggingfaceActivation, 4> huggingface_activations{
    {{"quick_gelu", Activation::quick_gelu},
     {"gelu", Activation::gelu},
     {"gelu_new", Activation::gelu_tanh},
     {"gelu_pytorch_tanh", Activation::gelu_tanh}}};

/// If an activation has two names, the later one is the current one.
constexpr std::string_view huggingface_activation(Activation a) {
  std::string_view name;
  for (const HuggingfaceActivation& known : huggingface_activations)
    if (known.activation == a) name = known.name;
  return name;
}

/// The fields that transformers' configurations of image and text towers share.
template <class Config>
JsonTree huggingface_transformer(const Config& c) {
  return json_object(                                                   //
      "hidden_size", c.width,                                           //
      "intermediate_size", c.hidden(),                                  //
      "num_hidden_layers", c.layers,                                    //
      "num_attention_heads", c.heads,                                   //
      "hidden_act", std::string(huggingface_activation(c.activation)),  //
      "layer_norm_eps", as_written(c.epsilon.value),                    //
      "attention_dropout", 0.0);
}
/// Those that CLIPVisionConfig and CLIPTextConfig share.
template <class Config>
JsonTree huggingface_transformer(const Config& c, Index embed_dim) {
  JsonTree tower = huggingface_transformer(c);
  tower["projection_dim"] = embed_dim;
  return tower;
}

}  // namespace clip::inline CLIP_ABI
