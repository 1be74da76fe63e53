// clip/checkpoint/huggingface_model.hpp: the whole configuration in the config.json of a model of transformers.
#pragma once

#include <clip/checkpoint/description.hpp>
#include <clip/checkpoint/description_reader.hpp>
#include <clip/checkpoint/folder_description.hpp>
#include <clip/checkpoint/huggingface_config.hpp>
#include <clip/model/config_json.hpp>

#include <algorithm>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI::detail {

/// Whether JSON is a configuration of transformers.
inline bool is_huggingface_config(const Json& json) {
  return json.is_object() &&
         (json.contains("model_type") ||
          std::ranges::any_of(huggingface_tower_keys, [&](const char* key) { return json.contains(key); }));
}

/// Patch size, hidden widths and the tables of a BERT, which follow from shapes where there are weights. Keys left out have the defaults of
/// transformers' classes.
struct HuggingfaceSizes {
  Index patch_size, image_hidden, text_hidden, positions, types;
};
inline HuggingfaceSizes read_huggingface_sizes(DescriptionReader& read, const Json& config,
                                               const HuggingfaceModel& of) {
  HuggingfaceSizes sizes{};
  const Json* part = object_of_tower(read, config, of.vision);
  sizes.patch_size = read.integer(part, "patch_size", of.patch_size);
  sizes.image_hidden = read.integer(part, "intermediate_size", of.vision.hidden);
  part = object_of_tower(read, config, of.text);
  sizes.text_hidden = read.integer(part, "intermediate_size", of.text.hidden);
  sizes.positions = read.integer(part, "max_position_embeddings", 512);
  sizes.types = read.integer(part, "type_vocab_size", 2);
  read.enter("");
  return sizes;
}

/// The object of a tower in our own JSON.
inline JsonTree own_json(const TowerStatement& tower, Index hidden, const HuggingfaceTower& of) {
  JsonTree json = json_object("width", tower.width, "layers", tower.layers, "heads", tower.heads,  //
                              "activation", std::string(name_of(tower.activation.value_or(of.activation))), "epsilon",
                              as_written(tower.epsilon.value_or(of.epsilon)));
  if (hidden != 4 * tower.width) json["mlp_width"] = hidden;
  if (!of.kind.empty()) json["kind"] = std::string(of.kind);
  if (tower.pad) json["pad"] = *tower.pad;
  if (tower.end) json["end"] = *tower.end;
  return json;
}

/// The configuration of a model in a folder of transformers, from its JSON files alone.
/// LoadError: another kind of model, or an impossible or unsupported value. OptionError: an impossible configuration.
template <class F>
Result<AnyConfigOf<F>> try_read_huggingface_model(const FolderDescription& folder) {
  const auto stated = try_read_huggingface(folder);
  if (!stated) return stated.error();
  DescriptionReader read{folder.place};
  const HuggingfaceModel& of = huggingface_model_of(read, folder.config);
  const HuggingfaceSizes sizes = read_huggingface_sizes(read, folder.config, of);
  if (auto done = read.finish(); !done) return done.error();
  JsonTree image = own_json(stated->image, sizes.image_hidden, of.vision),
           text = own_json(stated->text, sizes.text_hidden, of.text);
  image.put("image_size", stated->image_size, "patch_size", sizes.patch_size);
  if (of.text.kind == "bert_text")
    text.put("context", bert_context_in_pair(stated->vocabulary, sizes.positions), "positions", sizes.positions,  //
             "types", sizes.types, "pooler", false, "pooling", "first", "projection", "linear");
  else text["context"] = stated->context;
  text["vocabulary"] = stated->vocabulary;
  JsonTree own = json_object("embed_dim", stated->embed_dim, "image", std::move(image), "text", std::move(text));
  if (of.projection == 0) own["logit_bias"] = true;
  auto config = try_config_of<F>(*own, folder.place);
  if (!config || !stated->preprocessing) return config;
  config->preprocessing() = stated->preprocessing->how;
  if (auto possible = check(*config); !possible)
    return OptionError{stated->preprocessing->place, possible.error().message()}.with_id("clip.option.config");
  if (stated->preprocessing->image_size != stated->image_size)
    return LoadError{stated->preprocessing->place, "image size", stated->image_size, stated->preprocessing->image_size}
        .with_id("clip.load.settings");
  return config;
}

}  // namespace clip::inline CLIP_ABI::detail
