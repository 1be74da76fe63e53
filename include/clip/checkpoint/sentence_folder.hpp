// clip/checkpoint/sentence_folder.hpp: the folder of a model of sentence-transformers: a text tower and what follows it.
#pragma once

#include <clip/checkpoint/folder_description.hpp>
#include <clip/formats/tensor_file.hpp>
#include <clip/io/bytes.hpp>
#include <clip/io/file_bytes.hpp>
#include <clip/io/json.hpp>
#include <clip/io/posix.hpp>
#include <clip/names/prefix.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

inline constexpr const char *sentence_modules_file = "modules.json",
                            *sentence_limits_file = "sentence_bert_config.json";

/// The folders of the modules that modules.json names; empty: the folder itself, or no such module.
struct SentenceModules {
  std::string place{};  // modules.json
  std::string transformer{}, pooling{}, dense{};
  bool found = false;
};

inline Result<Json> try_read_json_file(const std::string& path) {
  const auto file = try_read_bytes(path);
  if (!file) return file.error();
  return try_parse_json(as_text(*file), path);
}

/// Reads modules.json. LoadError: a module other than Transformer, Pooling, Dense and Normalize, which is the caller's;
/// two of a kind; a path outside of the folder.
inline Result<SentenceModules> try_read_sentence_modules(const std::string& folder) {
  SentenceModules modules;
  const std::string place = folder + "/" + sentence_modules_file;
  if (!is_there(place)) return modules;
  auto json = try_read_json_file(place);
  if (!json) return json.error();
  const DismantledAtEnd end{*json};
  const auto wrong = [&](const std::string& what, const std::string& expected, const std::string& found) {
    return LoadError{place, what, expected, found}.with_id("clip.load.keys");
  };
  if (!json->is_array()) return wrong("modules", "a list", json_in_words(*json));
  modules.found = true;
  modules.place = place;
  std::string seen;
  for (const Json& module : *json) {
    const auto text = [&](const char* key) -> std::string {
      const auto at = module.is_object() ? module.find(key) : module.end();
      const auto* const value =
          module.is_object() && at != module.end() ? at->get_ptr<const Json::string_t*>() : nullptr;
      return value != nullptr ? *value : std::string();
    };
    const std::string type = text("type"), path = text("path"), kind = type.substr(type.rfind('.') + 1);
    std::string* const of = kind == "Transformer" ? &modules.transformer
                            : kind == "Pooling"   ? &modules.pooling
                            : kind == "Dense"     ? &modules.dense
                                                  : nullptr;
    if (of == nullptr && kind != "Normalize")
      return wrong("type of a module", "Transformer, Pooling, Dense or Normalize", '"' + type + '"');
    if (seen.find(kind + ",") != seen.npos) return wrong("modules of the type " + kind, "one", "more");
    if (path.find("..") != path.npos || path.starts_with('/'))
      return wrong("path of a module", "a folder in this one", '"' + path + '"');
    seen += kind + ",";
    if (of != nullptr) *of = path;
  }
  return modules;
}

/// Adds what the modules say to the description of the transformer.
inline Result<void> try_add_modules(const std::string& folder, const SentenceModules& modules,
                                    FolderDescription& description) {
  if (!modules.found) return {};
  description.modules_place = modules.place;
  description.modules = Json::object();
  const auto add = [&](const char* key, const std::string& path) -> Result<void> {
    auto json = try_read_json_file(path);
    if (!json) return json.error();
    description.modules[key] = std::move(*json);
    return {};
  };
  if (!modules.pooling.empty())
    if (auto done = add("pooling", folder + "/" + modules.pooling + "/config.json"); !done) return done;
  if (!modules.dense.empty())
    if (auto done = add("dense", folder + "/" + modules.dense + "/config.json"); !done) return done;
  const std::string limits =
      folder + "/" + (modules.transformer.empty() ? "" : modules.transformer + "/") + sentence_limits_file;
  return is_there(limits) ? add("limits", limits) : Result<void>{};
}

/// The weights of the dense layer under the names of a projection.
inline Result<TensorFile> try_open_dense(const std::string& folder, TensorContent content) {
  for (const char* const name : {"/model.safetensors", "/pytorch_model.bin"}) {
    if (!is_there(folder + name)) continue;
    auto file = try_open_tensor_file(folder + name, {}, content);
    if (!file) return file.error();
    const bool affine = file->find("linear.bias") != nullptr;
    std::vector<std::string> names;
    for (const FileTensor& t : file->tensors())
      names.push_back(t.name == "linear.bias"     ? "projection.bias"
                      : t.name != "linear.weight" ? t.name
                      : affine                    ? "projection.weight"
                                                  : "text_projection.weight");
    return with_names(*file, std::move(names));
  }
  return LoadError{folder, "no weights in this folder (looked for model.safetensors, pytorch_model.bin)"}.with_id(
      "clip.load.no_file");
}

}  // namespace clip::inline CLIP_ABI::detail
