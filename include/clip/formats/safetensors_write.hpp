// clip/formats/safetensors_write.hpp: safetensors writer, byte for byte as the official one.
#pragma once

#include <clip/formats/tensor_to_write.hpp>
#include <clip/io/atomic_file.hpp>

#include <map>
#include <span>
#include <string>

namespace clip::inline CLIP_ABI {

/// Writes everything except the last step: the complete temporary file, which try_commit() then renames to the target.
/// Larger element types come first, then names in byte order; metadata in the order of its keys (the official writer
/// orders several keys at random; for one key the files are equal).
/// InputError: duplicate names, names that are not UTF-8, byte counts that do not agree with shape and type.
/// SystemError: disk or folder.
[[nodiscard]] CLIP_HOST Result<AtomicFile> try_prepare_safetensors(
    const std::string& path, std::span<const TensorToWrite> tensors,
    const std::map<std::string, std::string>& metadata = {}, Links links = Links::followed);

/// Writes a file atomically. Errors as try_prepare_safetensors.
[[nodiscard]] CLIP_HOST Result<void> try_write_safetensors(const std::string& path,
                                                           std::span<const TensorToWrite> tensors,
                                                           const std::map<std::string, std::string>& metadata = {});

inline void write_safetensors(const std::string& path, std::span<const TensorToWrite> tensors,
                              const std::map<std::string, std::string>& metadata = {}) {
  try_write_safetensors(path, tensors, metadata).value();
}

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/formats/safetensors_write.inl.hpp>
#endif
