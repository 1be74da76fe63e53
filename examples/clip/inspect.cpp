#include <clip/checkpoint/name_tables.hpp>
#include <clip/core/printable.hpp>
#include <clip/model/config_json.hpp>
#include <clip/model/text_input.hpp>

#include "commands.hpp"
#include "terminal.hpp"
#include "text.hpp"
#include "weights.hpp"

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace tool {
namespace {

std::string_view name_of_format(clip::FileFormat format) {
  return format == clip::FileFormat::safetensors   ? "safetensors"
         : format == clip::FileFormat::torchscript ? "torchscript"
                                                   : "torch";
}

clip::Json json_of(const clip::TensorFile& file, const clip::Result<clip::Inspection>& found) {
  clip::Json tensors = clip::Json::array();
  for (const clip::FileTensor& t : file.tensors())
    tensors.push_back({{"name", t.name}, {"type", clip::traits(t.dtype).name}, {"shape", t.shape}});
  clip::Json json{{"file", file.place()},
                  {"format", name_of_format(file.format())},
                  {"dialect", clip::name_of(clip::dialect_of(file))},
                  {"tensors", std::move(tensors)},
                  {"metadata", file.metadata()}};
  if (found) {
    json["model"] = found->name.empty() ? clip::Json() : clip::Json(found->name);
    json["config"] = clip::to_json(found->config);
    json["activation_known"] = found->activation_known;
    json["preprocessing_known"] = found->preprocessing_known;
    json["prefix"] = found->prefix;
  } else {
    json["problem"] = found.error().message();
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
  return clip::printable(vocabulary.place) + ", " + std::to_string(vocabulary.size) + " ids, end of text " +
         std::to_string(vocabulary.eot) + ", " +
         (vocabulary.name.empty() ? "not one that is known" : std::string(vocabulary.name)) + "\nsha256   " +
         vocabulary.checksum + " of its merges";
}

/// Whether a path that holds no weights may be a vocabulary.
bool may_be_vocabulary(const std::string& path) {
  return std::filesystem::is_directory(path) || path.ends_with(".txt") || path.ends_with(".gz") ||
         path.ends_with(".json");
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

/// The vocabulary beside the weights in a folder; none for a file, or for a folder without one.
std::optional<clip::Result<clip::VocabularyIdentity>> vocabulary_beside(const std::string& path) {
  if (!std::filesystem::is_directory(path)) return std::nullopt;
  auto found = identify_vocabulary(path);
  if (!found && found.error().id() == "clip.load.no_file") return std::nullopt;
  return found;
}

}  // namespace

/// Prints the properties of the file as a whole, then every tensor. Of a vocabulary: its size and checksum.
int inspect(const InspectOptions& options) {
  auto opened = try_open_weights(options.file, options.state_dict);
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
    const std::string doubt = found->activation_known ? "" : " (the file does not state its activation)";
    out.line("model    " + (found->name.empty() ? "not one of `clip models`" : found->name) + doubt);
    if (!found->preprocessing_known && file.description() != nullptr)
      out.line("images   the folder has no image processor; the preprocessing below is that of OpenAI's models");
    if (!found->prefix.empty()) out.line("prefix   " + found->prefix + " (removed from the names)");
    out.line("config   " + clip::json_text(clip::to_json(found->config)));
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
  out.line("tensors  " + std::to_string(file.tensors().size()) + ", " + std::to_string(values) + " values, " +
           all_types);
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
