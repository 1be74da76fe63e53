// clip/formats/tensor_file.hpp: named tensors of a checkpoint file of any supported format, detected by content.
#pragma once

#include <clip/core/result.hpp>
#include <clip/formats/file_tensor.hpp>

#include <concepts>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI {

enum class FileFormat : unsigned char { safetensors, torch, torchscript, npz };

/// The description of the model in a checkpoint folder, apart from the weights (checkpoint/folder_description.hpp).
struct FolderDescription;

class Safetensors;
class TorchFile;
struct FlaxTensors;
class MappedFile;

/// Tensors by name. They are spans of mapped files, which stay mapped as long as this object or a copy of it exists.
class TensorFile {
 public:
  /// For a file that the caller keeps alive.
  explicit TensorFile(const Safetensors& file);
  explicit TensorFile(Safetensors&& file);
  explicit TensorFile(TorchFile&& file);
  explicit TensorFile(FlaxTensors&& file);

  /// In file order.
  std::span<const FileTensor> tensors() const { return tensors_; }
  /// Null if there is no tensor with that name.
  const FileTensor* find(std::string_view name) const;
  FileFormat format() const { return format_; }
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  /// The name of the file or folder in error messages.
  const std::string& place() const { return place_; }
  /// Null if the file is not in a folder with a description.
  const FolderDescription* description() const { return description_.get(); }

  /// A copy with the same files but other tensors, for example renamed or joined ones.
  TensorFile with(std::vector<FileTensor> tensors) const;
  /// A copy with the tensors whose names begin with `prefix` and a dot, without both. LoadError: there is none.
  [[nodiscard]] Result<TensorFile> try_below(std::string_view prefix) const;
  /// A copy with the same tensors but the name and description (or null) of their folder.
  TensorFile in_folder(std::string place, std::shared_ptr<const FolderDescription> description) const;
  /// Adds the tensors of another shard. LoadError: both contain the same name.
  [[nodiscard]] Result<void> try_join(TensorFile shard);
  /// Keeps the mapped file of the tensors alive.
  void keep(MappedFile file);
  /// Keeps memory alive that the tensors of `with` refer to.
  void keep(std::vector<std::byte> memory);

  /// The mapped files, for owners of pointers into them that outlive this object.
  std::span<const std::shared_ptr<const MappedFile>> mapped() const { return mapped_; }

  /// The address of the tensor's values in a mapped file, if they are stored there as an aligned array of T; null if
  /// they need conversion.
  template <std::floating_point T>
  const T* values_of(const FileTensor& tensor) const {
    return static_cast<const T*>(values_of(tensor, sizeof(T) == 4 ? Dtype::f32 : Dtype::f64, alignof(T)));
  }

  /// Drops the pages of a mapped file that contain only this tensor, after it was copied. The next access loads them
  /// again.
  void release(const FileTensor& tensor) const;

 private:
  const void* values_of(const FileTensor& tensor, Dtype dtype, std::size_t alignment) const;
  void add(std::span<const StoredTensor> tensors);
  template <class File>
  void keep_file(File&& file);

  FileFormat format_ = FileFormat::safetensors;
  std::string place_;
  std::map<std::string, std::string> metadata_;
  std::vector<std::shared_ptr<const MappedFile>> mapped_;  // each shares ownership with its directory
  std::vector<std::shared_ptr<const std::vector<std::byte>>> memory_;
  std::vector<FileTensor> tensors_;
  std::map<std::string, std::size_t, std::less<>> by_name_;
  std::shared_ptr<const FolderDescription> description_;
};

/// Parses a file in memory, which must outlive the result: safetensors, torch.save, torch.jit.save, or numpy.savez of
/// weights in Flax's layouts, which become PyTorch's (formats/flax.hpp). state_dict: which of several models' weights
/// are asked for, by the key of a dictionary in a file of torch.save, a path of keys ("ema.model"), or what stands
/// before the names of the tensors in any file ("student" of "student.visual.proj"). content: whether values are
/// needed. LoadError: another format, damaged content, or no such state_dict.
[[nodiscard]] CLIP_HOST Result<TensorFile> try_parse_tensors(std::span<const std::byte> bytes, const std::string& place,
                                                             std::string_view state_dict = {},
                                                             TensorContent content = TensorContent::values);

/// Maps one file and parses its directory. Errors as try_map_file and try_parse_tensors.
[[nodiscard]] CLIP_HOST Result<TensorFile> try_open_tensor_file(const std::string& path,
                                                                std::string_view state_dict = {},
                                                                TensorContent content = TensorContent::values);

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/formats/tensor_file.inl.hpp>
#endif
