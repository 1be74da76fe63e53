// clip/checkpoint/save.hpp: options of save, and the writer of a model's tensors and descriptions.
#pragma once

#include <clip/checkpoint/self_test_record.hpp>
#include <clip/formats/tensor_to_write.hpp>
#include <clip/model/any_config.hpp>
#include <clip/names/dialect.hpp>

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
  /// More files of a folder, as names and contents: those of a tokenizer (AnyTokenizer::files).
  std::vector<std::pair<std::string, std::string>> files{};
};

namespace detail {

/// Whether save writes a folder: if the dialect has folders and the path does not end in .safetensors.
inline bool writes_folder(const std::string& path, Dialect dialect) {
  return has_folders(dialect) && !path.ends_with(".safetensors");
}
/// Whether what save writes needs the configuration of the model: a folder's description, big_vision's layouts.
inline bool needs_config(const std::string& path, Dialect dialect) {
  return dialect == Dialect::big_vision || writes_folder(path, dialect);
}

/// Writes tensors with OpenAI's names as the options say. A folder needs `config`, which describes the model.
template <class F>
Result<void> try_write_model(std::vector<TensorToWrite> tensors, const std::string& path, const SaveOptions& options,
                             const std::optional<AnyConfigOf<F>>& config);

}  // namespace detail

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/checkpoint/save.inl.hpp>
#endif
