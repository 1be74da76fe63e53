#include <clip/checkpoint/name_tables.hpp>
#include <clip/core/printable.hpp>
#include <clip/io/bytes.hpp>
#include <clip/io/file_bytes.hpp>
#include <clip/io/json.hpp>
#include <clip/model/catalogue.hpp>
#include <clip/model/config_json.hpp>
#include <clip/model/fused_config.hpp>
#include <clip/model/licence.hpp>
#include <clip/model/text_input.hpp>

#include "commands.hpp"
#include "terminal.hpp"
#include "text.hpp"
#include "weights.hpp"

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace tool {
namespace {

std::string_view name_of_format(clip::FileFormat format) {
  return format == clip::FileFormat::safetensors   ? "safetensors"
         : format == clip::FileFormat::torchscript ? "torchscript"
         : format == clip::FileFormat::npz         ? "npz"
                                                   : "torch";
}

/// The name of the published model, also of its fused form; empty: none.
std::string published_name(const clip::Inspection& found) {
  const clip::NamedConfig* const known = clip::find_named(clip::branched_config(found.config));
  return known == nullptr ? std::string() : std::string(known->name);
}

/// The published models with this configuration, and the licences of their weights.
clip::Json licences_of(const clip::AnyConfig& any) {
  const clip::AnyConfig config = clip::as_published(clip::branched_config(any));
  clip::Json licences = clip::Json::object();
  for (const clip::NamedConfig& known : clip::named_configs())
    if (known.config == config) licences[std::string(known.name)] = clip::licence_of(known.name);
  return licences;
}

/// The same for weights; those that do not state their activation may be of models with either.
clip::Json licences_of(const clip::TensorFile& file, const clip::Inspection& found) {
  clip::Json licences = licences_of(found.config);
  if (found.activation_known) return licences;
  if (const auto other = inspect_weights(file, {.activation = clip::Activation::gelu}))
    licences.update(licences_of(other->config));
  return licences;
}

/// "MIT if these are the weights of laion/ViT-B-32 or datacomp/ViT-B-32; …": a file does not say whose weights it has.
std::string licences_in_words(const clip::Json& licences) {
  std::map<std::string, std::string> models;
  for (const auto& [name, licence] : licences.items()) {
    std::string& list = models[licence.get<std::string>()];
    list += (list.empty() ? "" : " or ") + name;
  }
  std::string words;
  for (const auto& [licence, names] : models)
    words += (words.empty() ? "" : "; ") + licence + " if these are the weights of " + names;
  return words;
}

/// The tensors of a file that hold no weights, and that reading ignores.
std::vector<std::string> ignored_tensors(const clip::TensorFile& file) {
  std::vector<std::string> names;
  for (const clip::FileTensor& t : file.tensors())
    if (clip::detail::is_dropped(t.name, clip::name_tables())) names.push_back(t.name);
  return names;
}

clip::Json json_of(const clip::TensorFile& file, const clip::Result<clip::Inspection>& found) {
  clip::Json tensors = clip::Json::array();
  for (const clip::FileTensor& t : file.tensors())
    tensors.push_back({{"name", t.name}, {"type", clip::traits(t.dtype).name}, {"shape", t.shape}});
  clip::Json json{{"file", file.place()},
                  {"format", name_of_format(file.format())},
                  {"dialect", clip::name_of(clip::dialect_of(file))},
                  {"tensors", std::move(tensors)},
                  {"ignored", ignored_tensors(file)},
                  {"metadata", file.metadata()}};
  if (found) {
    const std::string name = published_name(*found);
    json["model"] = name.empty() ? clip::Json() : clip::Json(name);
    json["fused"] = clip::is_fused(found->config);
    json["config"] = clip::to_json(found->config);
    json["licences"] = licences_of(file, *found);
    json["activation_known"] = found->activation_known;
    json["activation_by_naming"] = found->activation_by_naming;
    json["preprocessing_known"] = found->preprocessing_known;
    json["prefix"] = found->prefix;
    json["remark"] = found->remark;
  } else {
    json["problem"] = found.error().message();
    if (const std::string text = text_tower_in_words(file); !text.empty()) json["text_tower"] = text;
    if (const std::string image = image_tower_in_words(file); !image.empty()) json["image_tower"] = image;
  }
  return json;
}

clip::Json json_of(const clip::VocabularyIdentity& vocabulary) {
  return {{"file", vocabulary.place},
          {"size", vocabulary.size},
          {"end_of_text", vocabulary.eot},
          {"sha256", vocabulary.checksum},
          {"name", vocabulary.name.empty() ? clip::Json() : clip::Json(vocabulary.name)}};
}

std::string line_of(const clip::VocabularyIdentity& vocabulary) {
  const bool merges = vocabulary.eot >= 0;  // CLIP's; otherwise pieces
  const bool words = !merges && vocabulary.place.ends_with(".txt");
  return clip::printable(vocabulary.place) + ", " + std::to_string(vocabulary.size) + " ids, " +
         (merges  ? "end of text " + std::to_string(vocabulary.eot) + ", "
          : words ? "WordPiece, "
                  : "SentencePiece, ") +
         (vocabulary.name.empty() ? "not one that is known" : std::string(vocabulary.name)) + "\nsha256   " +
         vocabulary.checksum +
         (vocabulary.name == clip::reduced_vocabulary_name ? " of the whole one and the ids kept"
          : merges                                         ? " of its merges"
          : words                                          ? " of the file"
                                                           : " of its pieces");
}

/// Whether a path that holds no weights may be a vocabulary.
bool may_be_vocabulary(const std::string& path) {
  return std::filesystem::is_directory(path) || path.ends_with(".txt") || path.ends_with(".gz") ||
         path.ends_with(".json") || path.ends_with(".model");
}

int inspect_vocabulary(const InspectOptions& options, const clip::Error& no_weights) {
  const auto vocabulary = identify_vocabulary(options.file);
  if (!vocabulary) clip::raise(std::filesystem::is_directory(options.file) ? no_weights : vocabulary.error());
  Output out;
  if (options.json) {
    out.json({{"vocabulary", json_of(*vocabulary)}});
    return 0;
  }
  out.line("vocabulary " + line_of(*vocabulary));
  out.flush();
  return 0;
}

/// Whether a file describes a model: the library's own JSON, OpenCLIP's, or transformers'.
bool is_configuration(const std::string& path) {
  if (!path.ends_with(".json") || std::filesystem::is_directory(path)) return false;
  const auto bytes = clip::try_read_bytes(path);
  if (!bytes) return false;
  const auto json = clip::try_parse_json(clip::as_text(*bytes), path);
  if (!json || !json->is_object()) return false;
  for (const char* const key : {"embed_dim", "model_cfg", "vision_cfg", "model_type", "vision_config", "text_config"})
    if (json->contains(key)) return true;
  return false;
}

int inspect_configuration(const InspectOptions& options) {
  const clip::AnyConfig config = find_model(options.file);
  const clip::NamedConfig* const known = clip::find_named(config);
  Output out;
  if (options.json) {
    out.json({{"file", options.file},
              {"model", known != nullptr ? clip::Json(std::string(known->name)) : clip::Json()},
              {"config", clip::to_json(config)},
              {"licences", licences_of(config)}});
    return 0;
  }
  out.line("model    " + (known != nullptr ? std::string(known->name) : "not one of `clip models`"));
  if (const std::string words = licences_in_words(licences_of(config)); !words.empty()) out.line("licence  " + words);
  out.line("config   " + clip::json_text(clip::to_json(config)));
  out.flush();
  return 0;
}

/// The vocabulary beside the weights in a folder; none for a file, or for a folder without one.
std::optional<clip::Result<clip::VocabularyIdentity>> vocabulary_beside(const std::string& path) {
  if (!std::filesystem::is_directory(path)) return std::nullopt;
  auto found = identify_vocabulary(path);
  if (!found && found.error().id() == "clip.load.no_file") return std::nullopt;
  return found;
}

}  // namespace

/// Prints the properties of the file as a whole, then every tensor. Of a vocabulary: its size and checksum. Of a
/// configuration: its model.
int inspect(const InspectOptions& options) {
  if (is_configuration(options.file)) return inspect_configuration(options);
  auto opened = try_open_shapes(options.file, options.state_dict);
  if (!opened && may_be_vocabulary(options.file)) return inspect_vocabulary(options, opened.error());
  const clip::TensorFile file = std::move(opened).value();
  const auto vocabulary = vocabulary_beside(options.file);
  const auto found = inspect_weights(file);
  Output out;
  if (options.json) {
    clip::Json json = json_of(file, found);
    if (vocabulary)
      json["vocabulary"] = *vocabulary ? json_of(**vocabulary) : clip::Json{{"problem", vocabulary->error().message()}};
    out.json(json);
    return 0;
  }

  out.line("format   " + std::string(name_of_format(file.format())) + ", names of " +
           std::string(clip::name_of(clip::dialect_of(file))));
  if (found) {
    const std::string doubt = !found->activation_known ? " (the file does not state its activation)"
                              : found->activation_by_naming
                                  ? " (activations below: what the implementation with such names computes with)"
                                  : "";
    const std::string name = published_name(*found);
    out.line("model    " + (name.empty() ? "not one of `clip models`" : name) +
             (clip::is_fused(found->config) ? ", fused" : "") + doubt);
    if (const std::string words = licences_in_words(licences_of(file, *found)); !words.empty())
      out.line("licence  " + words);
    if (!found->preprocessing_known && file.description() != nullptr)
      out.line("images   the folder has no image processor; the preprocessing below is that of the model's family");
    if (!found->prefix.empty()) out.line("prefix   " + found->prefix + " (removed from the names)");
    out.line("config   " + clip::json_text(clip::to_json(found->config)));
    if (!found->remark.empty()) out.line("remark   " + found->remark);
  } else if (const std::string text = text_tower_in_words(file); !text.empty()) {
    out.line("model    a text tower alone, for `clip embed --texts`: " + text);
  } else if (const std::string image = image_tower_in_words(file); !image.empty()) {
    out.line("model    an image tower alone, for `clip embed --images`: " + image);
  } else {
    out.line("model    unknown: " + clip::printable(found.error().message()));
  }
  clip::Index values = 0;
  std::set<std::string_view> types;
  for (const clip::FileTensor& t : file.tensors()) {
    values += t.count();
    types.insert(clip::traits(t.dtype).name);
  }
  std::string all_types;
  for (const std::string_view type : types) all_types += (all_types.empty() ? "" : ", ") + std::string(type);
  const std::size_t ignored = ignored_tensors(file).size();
  out.line("tensors  " + std::to_string(file.tensors().size()) + ", " + std::to_string(values) + " values, " +
           all_types +
           (ignored > 0 ? "; " + std::to_string(ignored) + " of them hold no weights and are ignored" : ""));
  if (vocabulary)
    out.line("vocabulary " +
             (*vocabulary ? line_of(**vocabulary) : "unusable: " + clip::printable(vocabulary->error().message())));
  if (vocabulary && *vocabulary && found)
    if (const auto fits = clip::try_check_vocabulary(found->config.text_input(), **vocabulary); !fits)
      out.line("vocabulary does not fit: " + fits.error().message());
  for (const auto& [key, text] : file.metadata()) out.line(clip::printable("metadata " + key + ": " + text));
  for (const clip::FileTensor& t : file.tensors()) {
    std::string shape;
    for (const clip::Index extent : t.shape) shape += (shape.empty() ? "" : ", ") + std::to_string(extent);
    out.line(clip::printable(t.name) + "  " + std::string(clip::traits(t.dtype).name) + "  (" + shape + ")");
  }
  out.flush();
  return 0;
}

}  // namespace tool
