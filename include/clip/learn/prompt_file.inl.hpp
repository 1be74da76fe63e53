// clip/learn/prompt_file.inl.hpp: definitions of clip/learn/prompt_file.hpp.
#pragma once

#include <clip/formats/safetensors.hpp>
#include <clip/formats/safetensors_write.hpp>
#include <clip/io/json.hpp>
#include <clip/learn/prompt_file.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <map>
#include <span>
#include <string_view>
#include <utility>

namespace clip::inline CLIP_ABI {

namespace detail {
/// The numbers of a tensor. LoadError: it is missing, or not finite.
CLIP_HOST Result<std::vector<double>> try_prompt_values(const Safetensors& file, std::string_view name,
                                                        std::vector<Index>& shape) {
  const StoredTensor* const tensor = file.find(name);
  if (tensor == nullptr)
    return LoadError{file.place(), "tensors of a learned prompt", "ctx and features", "no " + std::string(name)};
  std::vector<double> values(static_cast<std::size_t>(tensor->count()));
  if (auto done = try_convert(*tensor, std::span<double>(values)); !done) return done.error();
  for (const double x : values)
    if (!std::isfinite(x)) return LoadError{file.place(), "values of " + tensor->name, "finite numbers", x};
  shape = tensor->shape;
  return values;
}

/// The text of an entry of the metadata. LoadError: there is none.
CLIP_HOST Result<std::string> try_prompt_fact(const Safetensors& file, const std::string& name) {
  const auto found = file.metadata().find(name);
  if (found == file.metadata().end())
    return LoadError{file.place(), "metadata of a learned prompt", "classes and place", "no " + name};
  return found->second;
}
}  // namespace detail

CLIP_HOST Result<void> try_write_prompt(const PromptFile& prompt, const std::string& path) {
  const auto classes = static_cast<Index>(prompt.classes.size());
  std::vector<Index> shape{prompt.context, prompt.width};
  if (prompt.per_class) shape.insert(shape.begin(), classes);
  const std::vector<float> ctx(prompt.ctx.begin(), prompt.ctx.end()),
      features(prompt.features.begin(), prompt.features.end());
  const bool wide = prompt.dtype == Dtype::f64;
  const std::array tensors{
      TensorToWrite{"ctx", prompt.dtype, shape,
                    wide ? std::as_bytes(std::span(prompt.ctx)) : std::as_bytes(std::span(ctx))},
      TensorToWrite{"features",
                    prompt.dtype,
                    {classes, prompt.embed_dim},
                    wide ? std::as_bytes(std::span(prompt.features)) : std::as_bytes(std::span(features))}};
  JsonTree names = Json::array();
  for (const std::string& name : prompt.classes) (*names).push_back(name);
  return try_write_safetensors(path, tensors,
                               {{"classes", json_text(names)}, {"place", std::string(name_of(prompt.place))}});
}

CLIP_HOST Result<PromptFile> try_read_prompt(const std::string& path) {
  const auto file = try_open_safetensors(path);
  if (!file) return file.error();
  PromptFile prompt;
  std::vector<Index> shape, rows;
  auto ctx = detail::try_prompt_values(*file, "ctx", shape);
  if (!ctx) return ctx.error();
  auto features = detail::try_prompt_values(*file, "features", rows);
  if (!features) return features.error();
  const auto names = detail::try_prompt_fact(*file, "classes");
  if (!names) return names.error();
  const auto place = detail::try_prompt_fact(*file, "place");
  if (!place) return place.error();

  auto list = try_parse_json(*names, path);
  if (!list) return list.error();
  const detail::DismantledAtEnd end{*list};
  bool strings = list->is_array() && !list->empty();
  if (strings)
    for (const Json& name : *list) {
      const auto* const text = name.get_ptr<const Json::string_t*>();
      strings = strings && text != nullptr;
      if (text != nullptr) prompt.classes.push_back(*text);
    }
  if (!strings) return LoadError{path, "classes in the metadata", "an array of names", *names};
  const auto known = std::ranges::find(name_places, *place, [](Place p) { return name_of(p); });
  if (known == name_places.end()) return LoadError{path, "place in the metadata", "end, middle or front", *place};

  const auto classes = static_cast<Index>(prompt.classes.size());
  prompt.per_class = shape.size() == 3;
  if (shape.size() < 2 || shape.size() > 3) return LoadError{path, "extents of ctx", "2 or 3", shape.size()};
  if (prompt.per_class && shape[0] != classes) return LoadError{path, "contexts of classes in ctx", classes, shape[0]};
  if (rows.size() != 2 || rows[0] != classes)
    return LoadError{path, "rows of features", classes, rows.empty() ? Index{0} : rows[0]};
  prompt.place = *known;
  prompt.width = shape.back();
  prompt.context = shape[shape.size() - 2];
  prompt.embed_dim = rows[1];
  prompt.ctx = std::move(*ctx);
  prompt.features = std::move(*features);
  prompt.dtype = file->find("ctx")->dtype;
  return prompt;
}

}  // namespace clip::inline CLIP_ABI
