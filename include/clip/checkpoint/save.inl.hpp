// clip/checkpoint/save.inl.hpp: definitions of clip/checkpoint/save.hpp.
#pragma once

#include <clip/checkpoint/folder_config.hpp>
#include <clip/checkpoint/folder_write.hpp>
#include <clip/checkpoint/name_tables.hpp>
#include <clip/checkpoint/save.hpp>
#include <clip/checkpoint/self_test_record.hpp>
#include <clip/formats/flax.hpp>
#include <clip/formats/npz_write.hpp>
#include <clip/formats/rewrite.hpp>
#include <clip/formats/safetensors_write.hpp>
#include <clip/io/posix.hpp>
#include <clip/io/replace_together.hpp>
#include <clip/model/config_json.hpp>

#include <type_traits>
#include <utility>
#include <variant>

namespace clip::inline CLIP_ABI {

namespace detail {

/// Writes tensors with big_vision's names and PyTorch's layouts as its file of arrays, in which the heads are extents.
template <class F>
Result<void> try_write_big_vision(std::vector<TensorToWrite> tensors, const std::string& path,
                                  const SaveOptions& options, const std::optional<AnyConfigOf<F>>& config) {
  if (!path.ends_with(".npz"))
    return OptionError{path, "name of weights in the dialect big_vision", "one that ends in .npz",
                       path.substr(path.rfind('/') + 1)}
        .with_id("clip.option.format");
  if (options.self_test || !options.metadata.empty() || !options.files.empty())
    return OptionError{path,
                       "a file of arrays has no place for metadata, a self-test or more files: choose another dialect"};
  if (!config)
    return OptionError{path,
                       "the dialect big_vision needs the configuration of a whole model, which states the heads: an "
                       "encoder alone is saved in another"};
  if (auto done = try_finish_replacement(folder_of(path)); !done) return done;
  return try_write_npz(
      path, in_flax(std::move(tensors), {{"img", state(config->image).heads}, {"txt", state(config->text).heads}}));
}

template <class F>
Result<void> try_write_model(std::vector<TensorToWrite> tensors, const std::string& path, const SaveOptions& options,
                             const std::optional<AnyConfigOf<F>>& whole) {
  std::optional<AnyConfigOf<F>> config = whole;
  const auto as_stored = [&](auto& c) { Description<std::remove_cvref_t<decltype(c)>>::as_stored(c, options.dialect); };
  if (config) std::visit(as_stored, config->text);
  if (options.dtype && !is_floating(*options.dtype))
    return OptionError{path, "element type of weights", "F16, BF16, F32 or F64", traits(*options.dtype).name};
  auto named = try_in_dialect<F>(std::move(tensors), options.dialect);
  if (!named) return named.error();
  if (options.dtype)
    for (TensorToWrite& tensor : *named) tensor = in_dtype(std::move(tensor), *options.dtype);
  if (options.dialect == Dialect::big_vision) return try_write_big_vision(std::move(*named), path, options, config);
  auto metadata = options.metadata;
  metadata.emplace("format", "pt");
  if (options.self_test) metadata.emplace(self_test_key, self_test_text(*options.self_test));
  if (config) metadata.emplace("config", config_text(*config));  // makes the file self-describing
  if (path.ends_with(".npz"))
    return OptionError{path, "dialect of a file of arrays", name_of(Dialect::big_vision), name_of(options.dialect)}
        .with_id("clip.option.format");
  for (const char* const end : {".pt", ".pth", ".bin", ".ckpt"})
    if (path.ends_with(end))
      return OptionError{
          path, "name of a weights file to write",
          "one that ends in .safetensors, which PyTorch reads with safetensors.torch.load_file(); pickles "
          "are not written",
          end}
          .with_id("clip.option.format");
  const bool folder = writes_folder(path, options.dialect);
  if (auto done = try_finish_replacement(folder ? path : folder_of(path)); !done) return done;
  if (!folder && !options.files.empty())
    return OptionError{path, "name of weights with more files, " + options.files.front().first,
                       "that of a folder, which the dialects huggingface and openclip write", "that of one file"};
  if (!folder) return try_write_safetensors(path, *named, metadata);

  if (!config)
    return OptionError{
        path, "a folder describes a whole model: an encoder alone is saved as a file, whose name ends in .safetensors"};
  const bool openclip = options.dialect == Dialect::openclip;
  const Dtype dtype = options.dtype ? *options.dtype : named->empty() ? Dtype::f32 : named->front().dtype;
  auto files = openclip                            ? try_openclip_files(*config, path)
               : options.dialect == Dialect::apple ? try_apple_files(*config, path)
                                                   : try_huggingface_files(*config, dtype, path);
  if (!files) return files.error();
  files->insert(files->end(), options.files.begin(), options.files.end());
  return try_write_folder(path, openclip ? "open_clip_model.safetensors" : "model.safetensors", *named, metadata,
                          *files);
}

}  // namespace detail

}  // namespace clip::inline CLIP_ABI
