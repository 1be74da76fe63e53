// clip/checkpoint/description.hpp: statements of a file or folder about its model, such as activation and heads.
#pragma once

#include <clip/checkpoint/description_reader.hpp>
#include <clip/checkpoint/folder_description.hpp>
#include <clip/checkpoint/huggingface_bert.hpp>
#include <clip/checkpoint/huggingface_config.hpp>
#include <clip/checkpoint/huggingface_preprocessing.hpp>
#include <clip/checkpoint/model_statement.hpp>
#include <clip/formats/flax.hpp>
#include <clip/formats/tensor_file.hpp>
#include <clip/model/apple_json.hpp>
#include <clip/model/config_json.hpp>
#include <clip/model/openclip_json.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace clip::inline CLIP_ABI::detail {

/// The statements of a whole configuration.
template <class F>
ModelStatement describe(const AnyConfigOf<F>& c, const std::string& place) {
  const ImageInput input = c.input();
  const TextInput text = c.text_input();
  TowerStatement image = state(c.image);
  image.image_size = input.image_size;
  return {image,
          state(c.text),
          input.image_size,
          text.context,
          text.vocabulary,
          c.embed_dim,
          PreprocessingStatement{input.preprocessing, input.image_size, place},
          place};
}

/// The configuration in the metadata of files written by this library.
template <class F>
std::optional<AnyConfigOf<F>> config_in_metadata(const TensorFile& file) {
  const auto found = file.metadata().find("config");
  if (found == file.metadata().end()) return std::nullopt;
  const auto config = try_parse_config<F>(found->second, file.place());
  return config ? std::optional{*config} : std::nullopt;
}

/// Completes the statements of a folder by the metadata that this library writes with the weights: the preprocessing,
/// if the folder has none; and the resampling, where the folder's files cannot say it: those of transformers cannot
/// tell two versions of Pillow apart, and OpenCLIP's say nothing about it.
inline void add_own_preprocessing(ModelStatement& model, const ImageInput& own, const std::string& place,
                                  bool huggingface) {
  if (!model.preprocessing) model.preprocessing = PreprocessingStatement{own.preprocessing, own.image_size, place};
  Resampling& resampling = model.preprocessing->how.resampling;
  const Resampling mine = own.preprocessing.resampling;
  if (resampling == Resampling::pillow13 && (!huggingface || mine == Resampling::pillow12)) resampling = mine;
}

/// Integers that only OpenAI's archives store with the weights.
inline constexpr std::array<std::string_view, 3> openai_notes{"input_resolution", "context_length", "vocab_size"};
inline bool is_note(std::string_view name) {
  return std::find(openai_notes.begin(), openai_notes.end(), name) != openai_notes.end();
}
inline bool is_openais(const TensorFile& file) {
  return std::all_of(openai_notes.begin(), openai_notes.end(),
                     [&](std::string_view note) { return file.find(note) != nullptr; });
}

/// Whether a file is one of Long-CLIP's, which are OpenAI's models with a second table of positions.
inline bool is_longclips(const TensorFile& file) {
  return file.find("positional_embedding_res") != nullptr && file.find("visual.conv1.weight") != nullptr &&
         file.find("visual.class_embedding") != nullptr;
}

/// Whether a file is one of Chinese-CLIP's: OpenAI's image tower beside a BERT with their vocabulary.
inline bool is_chinese_clips(const TensorFile& file) {
  const FileTensor* const table = file.find("word_embedding.weight");
  return table != nullptr && !table->shape.empty() && table->shape[0] == 21128 &&
         file.find("visual.ln_pre.weight") != nullptr && file.find("text_projection") != nullptr;
}

/// The statements of a folder in the layout of transformers.
/// LoadError: every key with an impossible or an unsupported value, of one file.
inline Result<ModelStatement> try_read_huggingface(const FolderDescription& folder) {
  DescriptionReader read{folder.place};
  ModelStatement model = read_huggingface_towers(read, folder.config);
  model.place = folder.place;
  const std::string version{read.text(&folder.config, "transformers_version")};
  if (auto done = read.finish(); !done) return done.error();
  if (!folder.modules.is_null())
    if (auto done = try_read_sentence_modules(folder, model); !done) return done.error();
  if (folder.preprocessing.is_null()) return model;
  DescriptionReader more{folder.preprocessing_place};
  if (folder.preprocessing_place.ends_with(std::string("/") + processor_file)) more.enter(image_processor_key);
  model.preprocessing = read_huggingface_preprocessing(more, folder.preprocessing, version);
  model.preprocessing->place = folder.preprocessing_place;
  if (auto done = more.finish(); !done) return done.error();
  return model;
}

/// The statements of OpenCLIP's description about a text tower, beside an image tower that is not built.
template <class F>
Result<ModelStatement> try_describe_openclip_text(const Json& model, const std::string& place) {
  JsonTree alone = json_object("text_cfg", model.value("text_cfg", Json::object()));
  const auto quick = model.find("quick_gelu");
  const bool is_quick = quick != model.end() && *quick == true;
  JsonReader file{*alone, place};
  JsonReader fields = file.object("text_cfg");
  const auto text = read_openclip_tower<typename F::Texts>(fields, "text_cfg", file,
                                                           is_quick ? Activation::quick_gelu : Activation::gelu);
  if (auto done = file.finish(); !done) return done.error();
  const TextInput input = std::visit([](const auto& c) { return text_input_of(c); }, *text);
  return ModelStatement{.text = state(*text), .context = input.context, .vocabulary = input.vocabulary, .place = place};
}

/// The statements of a folder in the layout of OpenCLIP. Of a Perception Encoder those about its text tower.
template <class F>
Result<ModelStatement> try_describe_openclip(const FolderDescription& folder) {
  const auto config = try_read_openclip_config<F>(folder.config, folder.place);
  const auto model = folder.config.find("model_cfg");
  const Json& described = model == folder.config.end() ? folder.config : *model;
  if (!config && is_perception_encoder(described)) return try_describe_openclip_text<F>(described, folder.place);
  return config ? Result<ModelStatement>{describe(*config, folder.place)} : config.error();
}

/// The statements of a folder in Apple's layout.
template <class F>
Result<ModelStatement> try_describe_apple(const FolderDescription& folder) {
  const auto config = try_read_apple_config<F>(folder.config, folder.place);
  return config ? Result<ModelStatement>{describe(*config, folder.place)} : config.error();
}

/// The heads that the shapes of one of big_vision's towers state, "img" or "txt"; 0: it is not in the file.
inline Index heads_in_shapes(const TensorFile& file, const std::string& tower) {
  const auto found = file.metadata().find(std::string(flax_heads_key) + tower);
  if (file.format() != FileFormat::npz || found == file.metadata().end()) return 0;
  return static_cast<Index>(std::strtoll(found->second.c_str(), nullptr, 10));
}

/// The statements about a model, in order of precedence: the folder's open_clip_config.json or config.json, and what
/// they leave open the file's metadata; the file's metadata; for OpenAI's archives and Long-CLIP's files, quick_gelu,
/// which all of them were trained with; the numbers of heads that are extents in big_vision's files. LoadError: a
/// description of another kind of model, or with an impossible or unsupported value.
template <class F>
Result<ModelStatement> try_read_description(const TensorFile& file) {
  if (const auto& folder = file.description()) {
    const bool apple = is_apple_config(folder->config);
    const bool huggingface = !apple && !is_openclip_config(folder->config);
    auto stated = huggingface ? try_read_huggingface(*folder)
                  : apple     ? try_describe_apple<F>(*folder)
                              : try_describe_openclip<F>(*folder);
    if (const auto own = config_in_metadata<F>(file); own && stated)
      add_own_preprocessing(*stated, own->input(), file.place(), huggingface);
    return stated;
  }
  if (const auto config = config_in_metadata<F>(file)) return describe(*config, file.place());
  if (file.format() == FileFormat::npz) {
    ModelStatement model{.place = "the shapes of its attention"};
    model.image.heads = heads_in_shapes(file, "img");
    model.text.heads = heads_in_shapes(file, "txt");
    return model;
  }
  ModelStatement model{.place = "OpenAI's archives"};
  if (is_chinese_clips(file))
    model = {.image = {.activation = Activation::quick_gelu}, .place = "Chinese-CLIP's files"};
  if (is_openais(file) || is_longclips(file)) model.image.activation = model.text.activation = Activation::quick_gelu;
  return model;
}

}  // namespace clip::inline CLIP_ABI::detail
