// clip/checkpoint/huggingface_config.hpp: the config.json of transformers' CLIPModel, SiglipModel, MetaClip2Model and
// ChineseCLIPModel.
#pragma once

#include <clip/checkpoint/description_reader.hpp>
#include <clip/checkpoint/huggingface_bert.hpp>
#include <clip/checkpoint/model_statement.hpp>
#include <clip/config/activation.hpp>
#include <clip/io/json.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace clip::inline CLIP_ABI::detail {

/// The defaults of a tower's class in transformers, which a file need not repeat.
struct HuggingfaceTower {
  const char* key;             // "vision_config"
  const char* overriding_key;  // "vision_config_dict"
  const char* model_type;      // "clip_vision_model"
  Index width, hidden, layers, heads;
  Activation activation;
  float epsilon;
  std::string_view kind{};  // of the family in our own JSON; empty: OpenAI's
};
/// The same of a model's class: CLIPConfig, SiglipConfig, MetaClip2Config or ChineseCLIPConfig.
struct HuggingfaceModel {
  const char* model_type;
  HuggingfaceTower vision, text;
  Index image_size, patch_size, context, vocabulary;
  Index projection;  // projection_dim; 0: the embedding is as wide as the image tower
  Index end = -1;    // eos_token_id, where the text tower looks for it; -1: it does not
};
inline constexpr std::array<HuggingfaceModel, 4> huggingface_models{
    {{"clip",
      {"vision_config", "vision_config_dict", "clip_vision_model", 768, 3072, 12, 12, Activation::quick_gelu, 1e-5f},
      {"text_config", "text_config_dict", "clip_text_model", 512, 2048, 12, 8, Activation::quick_gelu, 1e-5f},
      224,
      32,
      77,
      49408,
      512},
     {"siglip",
      {"vision_config", "vision_config_dict", "siglip_vision_model", 768, 3072, 12, 12, Activation::gelu_tanh, 1e-6f,
       "siglip_vit"},
      {"text_config", "text_config_dict", "siglip_text_model", 768, 3072, 12, 12, Activation::gelu_tanh, 1e-6f,
       "siglip_text"},
      224,
      16,
      64,
      32000,
      0},
     {"metaclip_2",
      {"vision_config", "vision_config_dict", "metaclip_2_vision_model", 768, 3072, 12, 12, Activation::quick_gelu,
       1e-5f},
      {"text_config", "text_config_dict", "metaclip_2_text_model", 512, 2048, 12, 8, Activation::quick_gelu, 1e-5f},
      224,
      32,
      77,
      49408,
      512,
      49407},
     {"chinese_clip",
      {"vision_config", "vision_config_dict", "chinese_clip_vision_model", 768, 3072, 12, 12, Activation::quick_gelu,
       1e-5f},
      {"text_config", "text_config_dict", "chinese_clip_text_model", 768, 3072, 12, 12, Activation::gelu, 1e-12f,
       "bert_text"},
      224,
      32,
      0,
      30522,
      512}}};

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

/// Whether the defaults of the model's class hold: not for a tower of another class (a family that a program adds),
/// where a key that is left out states nothing.
inline bool has_defaults(const DescriptionReader& read, const Json* part, const HuggingfaceTower& tower) {
  const Json* const kind = read.find(part, "model_type");
  return kind == nullptr || *kind == tower.model_type;
}

inline TowerStatement read_huggingface_tower(DescriptionReader& read, const Json* part, const HuggingfaceTower& tower) {
  const bool defaults = has_defaults(read, part, tower);
  const auto size = [&](const char* key, Index otherwise) { return read.integer(part, key, defaults ? otherwise : 0); };
  TowerStatement stated{size("hidden_size", tower.width), size("num_hidden_layers", tower.layers),
                        size("num_attention_heads", tower.heads), read.activation(part, "hidden_act", tower.activation),
                        read.number(part, "layer_norm_eps", tower.epsilon)};
  if (!defaults && read.find(part, "hidden_act") == nullptr) stated.activation.reset();
  if (!defaults && read.find(part, "layer_norm_eps") == nullptr) stated.epsilon.reset();
  return stated;
}

/// Values of model_type of related models in transformers.
inline constexpr std::array<std::pair<const char*, std::string_view>, 5> foreign_model_types{
    {{"siglip2", "SigLIP 2 of flexible resolution"},
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

/// The class whose defaults a configuration has, of a model or of one of its towers: CLIP's, unless it says another.
inline const HuggingfaceModel& huggingface_model_of(const DescriptionReader& read, const Json& config) {
  const Json* const kind = read.find(&config, "model_type");
  for (const HuggingfaceModel& model : huggingface_models)
    if (kind != nullptr && (is_text(*kind, model.model_type) || is_text(*kind, model.vision.model_type) ||
                            is_text(*kind, model.text.model_type)))
      return model;
  return huggingface_models[0];
}

/// Whether a file is the configuration of a whole model of this class. Another kind of model is a problem, and so is a
/// file that says nothing of the kind: every key would then be a default.
inline bool is_huggingface_model(DescriptionReader& read, const Json& config, const HuggingfaceModel& model) {
  constexpr const char* expected =
      "clip, clip_vision_model or clip_text_model (transformers' CLIP), siglip, siglip_vision_model or "
      "siglip_text_model, metaclip_2, metaclip_2_vision_model or metaclip_2_text_model, chinese_clip, a text tower (bert, "
      "distilbert, roberta, xlm-roberta), or OpenCLIP's model_cfg";
  const Json* const kind = read.find(&config, "model_type");
  if (kind != nullptr && !is_text(*kind, model.model_type)) {
    const auto foreign = std::find_if(foreign_model_types.begin(), foreign_model_types.end(),
                                      [&](const auto& known) { return is_text(*kind, known.first); });
    const bool known = foreign != foreign_model_types.end();
    read.problem("model_type",
                 std::string(expected) + (known ? "; " + std::string(foreign->second) + " is not built here" : ""),
                 *kind);
  }
  if (kind != nullptr) return is_text(*kind, model.model_type);
  for (const char* const key : huggingface_tower_keys)
    if (read.find(&config, key) != nullptr) return true;
  read.problem("model_type", expected, nullptr);
  return false;
}

/// Reads the keys of the image tower, or those of the text tower.
inline void read_huggingface_image(DescriptionReader& read, const Json* part, const HuggingfaceModel& of,
                                   ModelStatement& model) {
  const bool defaults = has_defaults(read, part, of.vision);
  model.image = read_huggingface_tower(read, part, of.vision);
  model.image_size = model.image.image_size = read.integer(part, "image_size", defaults ? of.image_size : 0);
}
inline void read_huggingface_text(DescriptionReader& read, const Json* part, const HuggingfaceModel& of,
                                  ModelStatement& model) {
  if (of.text.kind == "bert_text") return read_huggingface_bert(read, part, huggingface_bert, model);
  const bool defaults = has_defaults(read, part, of.text);
  model.text = read_huggingface_tower(read, part, of.text);
  model.context = read.integer(part, "max_position_embeddings", defaults ? of.context : 0);
  model.vocabulary = read.integer(part, "vocab_size", defaults ? of.vocabulary : 0);
  if (of.end >= 0) model.text.end = read.integer(part, "eos_token_id", of.end);
  else if (of.projection > 0) return;  // CLIP does not attend to padding
  if (const Json* const pad = read.find(part, "pad_token_id"); pad != nullptr && *pad == 0) model.text.pad = 0;
  else if (pad != nullptr) model.text.pad = read.integer(part, "pad_token_id", 1);
}

/// Reads a config.json. Keys left out have the defaults of transformers' classes. The configuration of one tower says
/// nothing about the other; it has a projection_dim whether or not its class projects.
inline ModelStatement read_huggingface_towers(DescriptionReader& read, const Json& config) {
  ModelStatement model;
  if (const HuggingfaceBert* const bert = huggingface_bert_of(read, &config)) {
    read_huggingface_bert(read, &config, *bert, model);
    return model;
  }
  const HuggingfaceModel& of = huggingface_model_of(read, config);
  const bool image = is_huggingface_tower(read, config, of.vision), text = is_huggingface_tower(read, config, of.text);
  if (image) read_huggingface_image(read, &config, of, model);
  if (text) read_huggingface_text(read, &config, of, model);
  if (image || text || !is_huggingface_model(read, config, of)) return model;
  if (of.projection > 0) model.embed_dim = read.integer(&config, "projection_dim", of.projection);
  read_huggingface_image(read, object_of_tower(read, config, of.vision), of, model);
  read_huggingface_text(read, object_of_tower(read, config, of.text), of, model);
  read.enter("");
  if (of.projection == 0) model.embed_dim = model.image.width;
  return model;
}

}  // namespace clip::inline CLIP_ABI::detail
