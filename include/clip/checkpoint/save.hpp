// clip/checkpoint/save.hpp: options of save, and the writer of a model's tensors and descriptions.
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
  std::optional<Dtype> dtype{};  // f16, bf16, f32 or f64, rounded to nearest; nullopt: the model's arithmetic type
  std::optional<SelfTest> self_test{};            // self_test(model): see checkpoint/self_test.hpp
  std::map<std::string, std::string> metadata{};  // of the file
};

namespace detail {

/// Whether save writes a folder: if the dialect has folders and the path does not end in .safetensors.
inline bool writes_folder(const std::string& path, Dialect dialect) {
  return dialect != Dialect::openai && !path.ends_with(".safetensors");
}

/// Writes tensors with OpenAI's names as the options say. A folder needs `config`, which describes the model.
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
  if (config) metadata.emplace("config", json_text(to_json(*config)));  // makes the file self-describing
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
