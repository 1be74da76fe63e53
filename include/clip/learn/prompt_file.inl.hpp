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
  if (tensor == nullptr) return LoadError{file.place(), "tensors of a learned prompt", std::string(name), "none"};
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
  std::vector<TensorToWrite> tensors;
  const auto add = [&](const std::string& name, const std::vector<Index>& extents, const std::vector<double>& values) {
    tensors.push_back({name, prompt.dtype, extents});
    if (prompt.dtype == Dtype::f64) {
      tensors.back().bytes = std::as_bytes(std::span(values));
      return;
    }
    tensors.back().produce = [&values](const ByteSink& sink) {
      const std::vector<float> rounded(values.begin(), values.end());
      sink(std::as_bytes(std::span(rounded)));
    };
  };
  add("ctx", shape, prompt.ctx);
  add("features", {classes, prompt.embed_dim}, prompt.features);
  for (const PromptTensor& tensor : prompt.meta_net) add("meta_net." + tensor.name, tensor.shape, tensor.values);
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
  if (file->find("meta_net.linear1.weight") != nullptr)
    for (const char* const name : {"linear1.weight", "linear1.bias", "linear2.weight", "linear2.bias"}) {
      PromptTensor tensor{name, {}, {}};
      auto values = detail::try_prompt_values(*file, std::string("meta_net.") + name, tensor.shape);
      if (!values) return values.error();
      tensor.values = std::move(*values);
      prompt.meta_net.push_back(std::move(tensor));
    }
  return prompt;
}

}  // namespace clip::inline CLIP_ABI
