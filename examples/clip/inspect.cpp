#include <clip/checkpoint/name_tables.hpp>
#include <clip/model/config_json.hpp>

#include "commands.hpp"
#include "terminal.hpp"
#include "weights.hpp"

#include <set>
#include <string>

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
    json["prefix"] = found->prefix;
  } else {
    json["problem"] = found.error().message();
  }
  return json;
}

}  // namespace

/// Prints the properties of the file as a whole, then every tensor.
int inspect(const InspectOptions& options) {
  const clip::TensorFile file = open_weights(options.file);
  const auto found = inspect_weights(file);
  Output out;
  if (options.json) {
    out.json(json_of(file, found));
    return 0;
  }

  out.line("format   " + std::string(name_of_format(file.format())) + ", names of " +
           std::string(clip::name_of(clip::dialect_of(file))));
  if (found) {
    const std::string doubt = found->activation_known ? "" : " (the file does not state its activation)";
    out.line("model    " + (found->name.empty() ? "not one of `clip models`" : found->name) + doubt);
    if (!found->prefix.empty()) out.line("prefix   " + found->prefix + " (removed from the names)");
    out.line("config   " + clip::json_text(clip::to_json(found->config)));
  } else {
    out.line("model    unknown: " + found.error().message());
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
  for (const auto& [key, text] : file.metadata()) out.line("metadata " + key + ": " + text);
  for (const clip::FileTensor& t : file.tensors()) {
    std::string shape;
    for (const clip::Index extent : t.shape) shape += (shape.empty() ? "" : ", ") + std::to_string(extent);
    out.line(t.name + "  " + std::string(clip::traits(t.dtype).name) + "  (" + shape + ")");
  }
  out.flush();
  return 0;
}

}  // namespace tool
