// clip/checkpoint/folder.inl.hpp: definitions of clip/checkpoint/folder.hpp.
#pragma once

#include <clip/checkpoint/folder.hpp>
#include <clip/checkpoint/folder_description.hpp>
#include <clip/checkpoint/sentence_folder.hpp>
#include <clip/formats/tensor_file.hpp>
#include <clip/io/bytes.hpp>
#include <clip/io/file_bytes.hpp>
#include <clip/io/json.hpp>
#include <clip/io/posix.hpp>
#include <clip/io/replace_together.hpp>

#include <array>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace clip::inline CLIP_ABI {

namespace detail {

/// Opens the files of an index, each once. They must be in the folder of the index.
inline Result<TensorFile> try_open_shards(const std::string& folder, const std::string& index_path,
                                          TensorContent content) {
  auto index = try_read_json_file(index_path);
  if (!index) return index.error();
  const DismantledAtEnd end{*index};
  const auto map = index->is_object() ? index->find("weight_map") : index->end();
  if (map == index->end() || !map->is_object() || map->empty())
    return LoadError{index_path, "weight_map", "an object: tensor names and their files", "none"};
  std::set<std::string> names;
  for (const auto& [tensor, file] : map->items()) {
    const auto* const name = file.get_ptr<const Json::string_t*>();
    if (name == nullptr || name->empty() || name->front() == '.' || name->find('/') != name->npos)
      return LoadError{index_path, "weight_map: " + tensor, "the name of a file in its folder", json_in_words(file)};
    names.insert(*name);
  }
  std::optional<TensorFile> all;
  for (const std::string& name : names) {
    auto shard = try_open_tensor_file(folder + "/" + name, {}, content);
    if (!shard) return shard.error();
    if (!all) all = std::move(*shard);
    else if (auto done = all->try_join(std::move(*shard)); !done) return done.error();
  }
  for (const auto& [tensor, file] : map->items())
    if (all->find(tensor) == nullptr) return LoadError{index_path, "weight_map: " + tensor + ": no shard has it"};
  return *all;
}

/// Adds the image processor of a folder, if one is described there.
inline Result<void> try_read_image_processor(const std::string& folder, FolderDescription& description) {
  for (const char* const name : {processor_file, image_processor_file}) {
    const std::string path = folder + "/" + name;
    if (!is_there(path)) continue;
    auto json = try_read_json_file(path);
    if (!json) return json.error();
    const DismantledAtEnd end{*json};
    if (name == processor_file) {
      auto part = json->is_object() ? json->find(image_processor_key) : json->end();
      if (part == json->end() || part->is_null()) continue;
      description.preprocessing = std::move(*part);
    } else {
      description.preprocessing = std::move(*json);
    }
    description.preprocessing_place = path;
    break;
  }
  return {};
}

CLIP_HOST Result<FolderDescription> try_read_description_file(const std::string& path) {
  FolderDescription description;
  description.place = path;
  auto config = try_read_json_file(path);
  if (!config) return config.error();
  description.config = std::move(*config);
  if (auto done = try_read_image_processor(folder_of(path), description); !done) return done.error();
  return description;
}

/// `modules`: those of a folder of sentence-transformers, whose transformer may be in a folder below.
inline Result<std::shared_ptr<const FolderDescription>> try_read_description(const std::string& folder,
                                                                             const SentenceModules& modules) {
  const std::string inner = modules.transformer.empty() ? folder : folder + "/" + modules.transformer;
  for (const char* const name : {"/open_clip_config.json", "/config.json"}) {
    if (!is_there(inner + name)) continue;
    auto description = try_read_description_file(inner + name);
    if (!description) return description.error();
    if (auto done = try_add_modules(folder, modules, *description); !done) return done.error();
    return std::make_shared<const FolderDescription>(std::move(*description));
  }
  return std::shared_ptr<const FolderDescription>{};
}

/// The file of the one variant of weights in a folder; empty: none. LoadError: several variants, with their names.
inline Result<std::string> try_find_variant(const std::string& folder) {
  std::string found, all;
  for (const std::string variant : weight_variants)
    for (const std::string& name : {"model." + variant + ".safetensors", "model.safetensors.index." + variant + ".json",
                                    "pytorch_model." + variant + ".bin"})
      if (is_there(folder + "/" + name)) {
        all += (all.empty() ? "" : ", ") + name;
        if (!found.empty())
          return LoadError{folder, "weights of several variants: " + all + "; give the path of one file"}.with_id(
              "clip.load.ambiguous");
        found = name;
        break;
      }
  return found;
}

/// A file, or the shards of an index.
inline Result<TensorFile> try_open_weights(const std::string& folder, const std::string& path, bool index,
                                           std::string_view state_dict, TensorContent content) {
  if (!index) return try_open_tensor_file(path, state_dict, content);
  auto all = try_open_shards(folder, path, content);
  return all && !state_dict.empty() ? all->try_below(state_dict) : all;
}

inline Result<TensorFile> try_open_folder(const std::string& folder, std::string_view state_dict,
                                          TensorContent content) {
  if (auto done = try_finish_replacement(folder); !done) return done.error();
  const auto modules = try_read_sentence_modules(folder);
  if (!modules) return modules.error();
  auto description = try_read_description(folder, *modules);
  if (!description) return description.error();
  const std::string inner = modules->transformer.empty() ? folder : folder + "/" + modules->transformer;
  const auto open = [&](const std::string& name) -> Result<TensorFile> {
    const std::string path = inner + "/" + name;
    auto file = try_open_weights(inner, path, name.ends_with(".json"), state_dict, content);
    if (!file) return file;
    if (!modules->dense.empty()) {
      auto dense = try_open_dense(folder + "/" + modules->dense, content);
      if (!dense) return dense;
      if (auto done = file->try_join(std::move(*dense)); !done) return done.error();
    }
    return file->in_folder(folder, std::move(*description));
  };
  std::string looked_for;
  for (const std::string name : weights_in_folders) {
    if (is_there(inner + "/" + name)) return open(name);
    looked_for += (looked_for.empty() ? "" : ", ") + name;
  }
  const auto variant = try_find_variant(inner);
  if (!variant) return variant.error();
  if (!variant->empty()) return open(*variant);
  return LoadError{folder, "no weights in this folder (looked for " + looked_for + ")"}.with_id("clip.load.no_file");
}

}  // namespace detail

CLIP_HOST Result<TensorFile> try_open_tensors(const std::string& path, std::string_view state_dict,
                                              TensorContent content) {
  if (detail::is_folder(path)) return detail::try_open_folder(path, state_dict, content);
  const auto slash = path.rfind('/');  // not folder_of(): messages name a file in the root as "/name"
  const std::string folder = slash == path.npos ? "." : path.substr(0, slash), name = path.substr(slash + 1);
  if (detail::is_weights_name(name))
    if (auto done = detail::try_finish_replacement(folder); !done) return done.error();
  auto file = detail::try_open_weights(folder, path, name.ends_with(".index.json"), state_dict, content);
  if (!file || !detail::is_weights_name(name)) return file;
  const auto modules = detail::try_read_sentence_modules(folder);
  if (!modules) return modules.error();
  auto description = detail::try_read_description(folder, *modules);
  if (!description) return description.error();
  return *description != nullptr ? file->in_folder(path, std::move(*description)) : file;
}

}  // namespace clip::inline CLIP_ABI
