// clip/formats/npz_write.hpp: writes numpy's .npz files: a zip archive of stored arrays.
#pragma once

#include <clip/formats/tensor_to_write.hpp>

#include <span>
#include <string>

namespace clip::inline CLIP_ABI {

/// Writes a file atomically, with the tensors as arrays of the same names, in the order given. Each tensor is produced
/// twice, first for its checksum. bfloat16 is stored as numpy stores ml_dtypes' type.
/// InputError: duplicate names, bytes that do not agree with shape and type. OptionError: an element type that numpy
/// does not have. SystemError: disk or folder.
[[nodiscard]] CLIP_HOST Result<void> try_write_npz(const std::string& path, std::span<const TensorToWrite> tensors);

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/formats/npz_write.inl.hpp>
#endif
