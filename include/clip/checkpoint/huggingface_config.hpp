// clip/checkpoint/huggingface_config.hpp: the config.json of transformers' CLIPModel.
#pragma once

#include <clip/checkpoint/description_reader.hpp>
#include <clip/checkpoint/model_statement.hpp>
#include <clip/config/activation.hpp>
#include <clip/io/json.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace clip::inline CLIP_ABI::detail {

/// The defaults of transformers' CLIPVisionConfig and CLIPTextConfig, which a file need not repeat.
struct HuggingfaceTower {
  const char* key;             // "vision_config"
  const char* overriding_key;  // "vision_config_dict"
  const char* model_type;      // "clip_vision_model"
  Index width, layers, heads;
};
inline constexpr HuggingfaceTower huggingface_vision{
    "vision_config", "vision_config_dict", "clip_vision_model", 768, 12, 12};
inline constexpr HuggingfaceTower huggingface_text{"text_config", "text_config_dict", "clip_text_model", 512, 12, 8};
inline constexpr Index huggingface_image_size = 224, huggingface_context = 77, huggingface_vocabulary = 49408,
                       huggingface_projection = 512;

/// The object that describes a tower, or null for one with every default. Older files have both keys. transformers
/// makes a whole configuration from vision_config_dict, defaults included, and all of it wins over vision_config.
inline const Json* object_of_tower(DescriptionReader& read, const Json& config, const HuggingfaceTower& tower) {
  for (const char* const key : {tower.overriding_key, tower.key}) {
    const Json* const part = read.find(&config, key);
    if (part == nullptr) continue;
    read.enter("");
    if (!part->is_object()) read.problem(key, "an object", *part);
    read.enter(key);
    return part;
  }
  return nullptr;
}

/// Whether the defaults of CLIP's class hold: a tower of another class (a family that a program adds) states what it
/// states.
inline bool has_defaults(const DescriptionReader& read, const Json* part, const HuggingfaceTower& tower) {
  const Json* const kind = read.find(part, "model_type");
  return kind == nullptr || *kind == tower.model_type;
}

inline TowerStatement read_huggingface_tower(DescriptionReader& read, const Json* part, const HuggingfaceTower& tower) {
  const bool defaults = has_defaults(read, part, tower);
  const auto size = [&](const char* key, Index otherwise) { return read.integer(part, key, defaults ? otherwise : 0); };
  TowerStatement stated{size("hidden_size", tower.width), size("num_hidden_layers", tower.layers),
                        size("num_attention_heads", tower.heads),
                        read.activation(part, "hidden_act", Activation::quick_gelu),
                        read.number(part, "layer_norm_eps", 1e-5f)};
  if (!defaults && read.find(part, "hidden_act") == nullptr) stated.activation.reset();
  if (!defaults && read.find(part, "layer_norm_eps") == nullptr) stated.epsilon.reset();
  return stated;
}

/// Values of model_type of related models in transformers.
inline constexpr std::array<std::pair<const char*, std::string_view>, 8> foreign_model_types{
    {{"siglip", "SigLIP"},
     {"siglip2", "SigLIP 2 of flexible resolution"},
     {"metaclip_2", "Meta CLIP 2"},
     {"chinese_clip", "Chinese-CLIP"},
     {"altclip", "AltCLIP"},
     {"align", "ALIGN"},
     {"blip", "BLIP"},
     {"vision-text-dual-encoder", "a pair of towers of transformers"}}};

/// The keys of a CLIPModel's configuration that hold a tower.
inline constexpr std::array<const char*, 4> huggingface_tower_keys{"vision_config", "text_config", "vision_config_dict",
                                                                   "text_config_dict"};

/// Whether a file is the configuration of one tower alone: of a CLIPVisionModel or a CLIPTextModel, with or without
/// projection.
inline bool is_huggingface_tower(const DescriptionReader& read, const Json& config, const HuggingfaceTower& tower) {
  const Json* const kind = read.find(&config, "model_type");
  return kind != nullptr && is_text(*kind, tower.model_type);
}

/// Whether a file is the configuration of a CLIPModel. Another kind of model is a problem, and so is a file that says
/// nothing of the kind: every key would then be a default.
inline bool is_huggingface_clip(DescriptionReader& read, const Json& config) {
  constexpr const char* expected =
      "clip, clip_vision_model or clip_text_model (transformers' CLIP), or OpenCLIP's model_cfg";
  const Json* const kind = read.find(&config, "model_type");
  if (kind != nullptr && !is_text(*kind, "clip")) {
    const auto foreign = std::find_if(foreign_model_types.begin(), foreign_model_types.end(),
                                      [&](const auto& known) { return is_text(*kind, known.first); });
    const bool known = foreign != foreign_model_types.end();
    read.problem("model_type",
                 std::string(expected) + (known ? "; " + std::string(foreign->second) + " is not built here" : ""),
                 *kind);
  }
  if (kind != nullptr) return is_text(*kind, "clip");
  for (const char* const key : huggingface_tower_keys)
    if (read.find(&config, key) != nullptr) return true;
  read.problem("model_type", expected, nullptr);
  return false;
}

/// Reads the keys of the image tower, or those of the text tower.
inline void read_huggingface_image(DescriptionReader& read, const Json* part, ModelStatement& model) {
  const bool defaults = has_defaults(read, part, huggingface_vision);
  model.image = read_huggingface_tower(read, part, huggingface_vision);
  model.image_size = read.integer(part, "image_size", defaults ? huggingface_image_size : 0);
}
inline void read_huggingface_text(DescriptionReader& read, const Json* part, ModelStatement& model) {
  const bool defaults = has_defaults(read, part, huggingface_text);
  model.text = read_huggingface_tower(read, part, huggingface_text);
  model.context = read.integer(part, "max_position_embeddings", defaults ? huggingface_context : 0);
  model.vocabulary = read.integer(part, "vocab_size", defaults ? huggingface_vocabulary : 0);
}

/// Reads a config.json. Keys left out have the defaults of transformers' classes. The configuration of one tower says
/// nothing about the other; it has a projection_dim whether or not its class projects.
inline ModelStatement read_huggingface_towers(DescriptionReader& read, const Json& config) {
  ModelStatement model;
  const bool image = is_huggingface_tower(read, config, huggingface_vision),
             text = is_huggingface_tower(read, config, huggingface_text);
  if (image) read_huggingface_image(read, &config, model);
  if (text) read_huggingface_text(read, &config, model);
  if (image || text || !is_huggingface_clip(read, config)) return model;
  model.embed_dim = read.integer(&config, "projection_dim", huggingface_projection);
  read_huggingface_image(read, object_of_tower(read, config, huggingface_vision), model);
  read_huggingface_text(read, object_of_tower(read, config, huggingface_text), model);
  read.enter("");
  return model;
}

}  // namespace clip::inline CLIP_ABI::detail
