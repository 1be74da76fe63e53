// clip/checkpoint/save.hpp: how a model is written: names, element type, what goes beside the weights.
#pragma once

#include <clip/checkpoint/folder_write.hpp>
#include <clip/checkpoint/name_tables.hpp>
#include <clip/checkpoint/self_test_record.hpp>
#include <clip/formats/rewrite.hpp>
#include <clip/model/config_json.hpp>

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

struct SaveOptions {
  Dialect dialect = Dialect::openai;
  std::optional<Dtype> dtype{};  // f16, bf16, f32, f64, rounded to the nearest; nothing: the model's own arithmetic
  std::optional<SelfTest> self_test{};            // self_test(model): see checkpoint/self_test.hpp
  std::map<std::string, std::string> metadata{};  // of the file
};

namespace detail {

/// A folder where the dialect has one and the path does not end in .safetensors; otherwise a file.
inline bool writes_folder(const std::string& path, Dialect dialect) {
  return dialect != Dialect::openai && !path.ends_with(".safetensors");
}

/// Tensors by OpenAI's names, written as the options say. `config` describes the model where a folder is to.
template <class F>
Result<void> try_write_model(std::vector<TensorToWrite> tensors, const std::string& path, const SaveOptions& options,
                             const std::optional<AnyConfigOf<F>>& config) {
  if (options.dtype && !is_floating(*options.dtype))
    return OptionError{path, "element type of weights", "F16, BF16, F32 or F64", traits(*options.dtype).name};
  auto named = try_in_dialect<F>(std::move(tensors), options.dialect);
  if (!named) return named.error();
  if (options.dtype)
    for (TensorToWrite& tensor : *named) tensor = in_dtype(std::move(tensor), *options.dtype);
  auto metadata = options.metadata;
  metadata.emplace("format", "pt");
  if (options.self_test) metadata.emplace(self_test_key, self_test_text(*options.self_test));
  if (config) metadata.emplace("config", json_text(to_json(*config)));  // so that the file alone is enough to open it
  if (!writes_folder(path, options.dialect)) return try_write_safetensors(path, *named, metadata);

  if (!config)
    return OptionError{
        path, "a folder describes a whole model: an encoder alone is saved as a file, whose name ends in .safetensors"};
  const bool huggingface = options.dialect == Dialect::huggingface;
  const Dtype dtype = options.dtype ? *options.dtype : named->empty() ? Dtype::f32 : named->front().dtype;
  const auto files = huggingface ? try_huggingface_files(*config, dtype, path) : try_openclip_files(*config, path);
  if (!files) return files.error();
  return try_write_folder(path, huggingface ? "model.safetensors" : "open_clip_model.safetensors", *named, metadata,
                          *files);
}

}  // namespace detail

}  // namespace clip::inline CLIP_ABI
