// clip/checkpoint/find_model.inl.hpp: definitions of clip/checkpoint/find_model.hpp.
#pragma once

#include <clip/checkpoint/find_model.hpp>
#include <clip/checkpoint/folder.hpp>
#include <clip/checkpoint/huggingface_model.hpp>
#include <clip/io/posix.hpp>
#include <clip/io/replace_together.hpp>
#include <clip/model/catalogue.hpp>
#include <clip/model/config_json.hpp>

#include <string>

namespace clip::inline CLIP_ABI {

namespace detail {

/// The configuration of weights. LoadError: an activation that nobody states.
template <class F>
Result<AnyConfigOf<F>> try_find_in_weights(const TensorFile& file, const std::string& path,
                                           const Assumptions& assumed) {
  const auto found = try_inspect<F>(file, assumed);
  if (!found) return found.error();
  if (found->activation_known) return found->config;
  return unstated_activation(path, "");
}

/// The configuration in a JSON file of any of the three formats.
template <class F>
Result<AnyConfigOf<F>> try_find_in_json(const std::string& path) {
  if (auto done = try_finish_replacement(folder_of(path)); !done) return done.error();
  const auto description = try_read_description_file(path);
  if (!description) return description.error();
  if (!is_huggingface_config(description->config)) return try_config_of<F>(description->config, path);
  return try_read_huggingface_model<F>(*description);
}

}  // namespace detail

template <class F>
Result<AnyConfigOf<F>> try_find_model(const std::string& name_or_path, const Assumptions& assumed) {
  if (!detail::is_there(name_or_path)) return try_find_config<F>(name_or_path);
  for (const NamedConfigOf<F>& known : named_configs<F>())  // also where a file has that name
    if (known.name == name_or_path) return known.config;
  const bool json = name_or_path.ends_with(".json") && !name_or_path.ends_with(".index.json");
  if (json && !detail::is_folder(name_or_path)) return detail::try_find_in_json<F>(name_or_path);
  const auto file = try_open_tensors(name_or_path, {}, TensorContent::shapes);
  if (file) return detail::try_find_in_weights<F>(*file, name_or_path, assumed);
  if (file.error().id() == "clip.load.no_file" && detail::is_folder(name_or_path))
    for (const char* const name : {"/open_clip_config.json", "/config.json"})
      if (detail::is_there(name_or_path + name)) return detail::try_find_in_json<F>(name_or_path + name);
  return file.error();
}

}  // namespace clip::inline CLIP_ABI
