// clip/config/openclip_json.hpp: OpenCLIP's configuration files: model_configs/*.json, and the open_clip_config.json of a folder.
#pragma once

#include <clip/config/any.hpp>
#include <clip/io/json.hpp>
#include <clip/io/json_reader.hpp>

#include <array>
#include <cstddef>
#include <string>

namespace clip::inline CLIP_ABI::detail {

inline constexpr TextConfig no_text{.context = 0,
                                    .vocabulary = 0,
                                    .width = 0,
                                    .layers = 0,
                                    .heads = 0,
                                    .activation = Activation::quick_gelu,
                                    .epsilon = 0.0f};

/// A word of a few; after a problem `otherwise`.
template <class Choice, std::size_t count>
Choice read_choice(JsonReader& file, const std::string& key, Choice otherwise,
                   const std::array<Choice, count>& choices) {
  const std::string name = file.text(key);
  const auto choice = choice_named(name, choices);
  if (!choice && !name.empty()) file.problem(key, "expected " + names_in_words(choices) + ", found \"" + name + "\"");
  return choice.value_or(otherwise);
}

inline std::array<float, 3> read_three(JsonReader& file, const std::string& key, std::array<float, 3> otherwise) {
  if (!file.may_have(key)) return otherwise;
  const auto values = file.numbers(key, 3);
  for (std::size_t i = 0; i < values.size(); ++i) otherwise[i] = static_cast<float>(values[i]);
  return otherwise;
}

/// Blocks of the four stages of a residual network.
inline std::array<Index, 4> read_stages(JsonReader& file, const std::string& key) {
  std::array<Index, 4> stages{1, 1, 1, 1};
  const auto values = file.numbers(key, 4);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!(values[i] >= 1 && values[i] <= 1000)) {
      file.problem(key, "expected four numbers of 1 ... 1000");
      break;
    }
    stages[i] = static_cast<Index>(values[i]);
  }
  return stages;
}

inline bool is_openclip_config(const Json& json) {
  return json.is_object() && (json.contains("vision_cfg") || json.contains("model_cfg"));
}

/// Width of the MLP: int(width · ratio); 0 where that is the usual 4 · width.
inline Index read_mlp(JsonReader& tower, Index width) {
  if (!tower.may_have("mlp_ratio")) return 0;
  const auto hidden = static_cast<Index>(static_cast<double>(width) * tower.number("mlp_ratio"));
  return hidden == 4 * width ? 0 : hidden;
}

/// vision_cfg, text_cfg, embed_dim, quick_gelu; erf GELU unless quick_gelu says otherwise. Keys that change the architecture to
/// one the library does not have are told as unknown.
inline AnyConfig read_openclip_model(JsonReader& model) {
  const Index embed_dim = model.integer("embed_dim", 1);
  const Activation activation =
      model.may_have("quick_gelu") && model.flag("quick_gelu") ? Activation::quick_gelu : Activation::gelu;
  JsonReader words = model.object("text_cfg");
  TextConfig text = no_text;
  text.context = words.may_have("context_length") ? words.integer("context_length", 2) : 77;
  text.vocabulary = words.may_have("vocab_size") ? words.integer("vocab_size", 2) : 49408;
  text.width = words.integer("width", 1);
  text.layers = words.integer("layers", 1);
  text.heads = words.integer("heads", 1);
  text.mlp_width = read_mlp(words, text.width);
  text.activation = activation;
  text.epsilon = 1e-5f;
  JsonReader image = model.object("vision_cfg");
  const Index image_size = image.integer("image_size", 1), width = image.integer("width", 1);
  if (image.holds_array("layers")) {
    static_cast<void>(image.may_have("patch_size"));  // null there
    return ClipConfig<ResNetConfig, TextConfig>{
        embed_dim, {.image_size = image_size, .layers = read_stages(image, "layers"), .width = width}, text};
  }
  const Index head_width = image.may_have("head_width") ? image.integer("head_width", 1) : 64;
  VitConfig vit{.image_size = image_size,
                .patch_size = image.integer("patch_size", 1),
                .width = width,
                .layers = image.integer("layers", 1),
                .heads = head_width > 0 ? width / head_width : 0,
                .activation = activation,
                .epsilon = 1e-5f};
  vit.mlp_width = read_mlp(image, width);
  return VitClipConfig{embed_dim, vit, text};
}

inline void read_openclip_preprocessing(JsonReader& file, Preprocessing& p) {
  p.mean = read_three(file, "mean", p.mean);
  p.deviation = read_three(file, "std", p.deviation);
  if (file.may_have("interpolation"))
    p.interpolation = read_choice(file, "interpolation", p.interpolation, interpolations);
  if (file.may_have("resize_mode")) p.resize = read_choice(file, "resize_mode", p.resize, resize_modes);
  for (const char* const said_elsewhere : {"size", "mode", "fill_color"})
    static_cast<void>(file.may_have(said_elsewhere));
}

/// LoadError: every missing, misspelt or impossible field.
inline Result<AnyConfig> try_read_openclip_config(const Json& json, const std::string& place) {
  JsonReader file{json, place};
  const bool folder = json.contains("model_cfg");
  JsonReader model = folder ? file.object("model_cfg") : file;
  AnyConfig config = read_openclip_model(model);
  if (folder && file.may_have("preprocess_cfg")) {
    JsonReader preprocess = file.object("preprocess_cfg");
    read_openclip_preprocessing(preprocess, config.preprocessing());
  }
  if (auto done = file.finish(); !done) return done.error();
  if (auto possible = check(config); !possible) return OptionError{place, possible.error().message()};
  return config;
}

}  // namespace clip::inline CLIP_ABI::detail
