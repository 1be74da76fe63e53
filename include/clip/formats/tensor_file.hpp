// clip/formats/tensor_file.hpp: named tensors of a checkpoint file of any supported format, detected by content.
#pragma once

#include <clip/formats/file_tensor.hpp>
#include <clip/formats/safetensors.hpp>
#include <clip/formats/torch_file.hpp>
#include <clip/io/json.hpp>
#include <clip/io/mapped_file.hpp>

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

enum class FileFormat : unsigned char { safetensors, torch, torchscript };

/// The description of the model in a checkpoint folder, apart from the weights.
struct FolderDescription {
  std::string place;   // file name: config.json or open_clip_config.json
  Json config;         // its content
  Json preprocessing;  // preprocessor_config.json; null if absent
};

/// Tensors by name. They are spans of mapped files, which stay mapped as long as this object or a copy of it exists.
class TensorFile {
 public:
  /// For a file that the caller keeps alive.
  explicit TensorFile(const Safetensors& file) : place_{file.place()}, metadata_{file.metadata()} {
    add(file.tensors());
  }
  explicit TensorFile(Safetensors&& file) : place_{file.place()}, metadata_{file.metadata()} { keep(std::move(file)); }
  explicit TensorFile(TorchFile&& file)
      : format_{file.torchscript() ? FileFormat::torchscript : FileFormat::torch}, place_{file.place()} {
    keep(std::move(file));
  }

  /// In file order.
  std::span<const FileTensor> tensors() const { return tensors_; }
  /// Null if there is no tensor with that name.
  const FileTensor* find(std::string_view name) const {
    const auto at = by_name_.find(name);
    return at == by_name_.end() ? nullptr : &tensors_[at->second];
  }
  FileFormat format() const { return format_; }
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  /// The name of the file or folder in error messages.
  const std::string& place() const { return place_; }
  const std::optional<FolderDescription>& description() const { return description_; }

  /// A copy with the same files but other tensors, for example renamed or joined ones.
  TensorFile with(std::vector<FileTensor> tensors) const {
    TensorFile other{*this};
    other.tensors_ = std::move(tensors);
    other.by_name_.clear();
    for (std::size_t i = 0; i < other.tensors_.size(); ++i) other.by_name_.emplace(other.tensors_[i].name, i);
    return other;
  }
  /// A copy with the same tensors but the name and description of their folder.
  TensorFile in_folder(std::string place, std::optional<FolderDescription> description) const {
    TensorFile other{*this};
    other.place_ = std::move(place);
    other.description_ = std::move(description);
    return other;
  }
  /// Adds the tensors of another shard. LoadError: both contain the same name.
  [[nodiscard]] Result<void> try_join(TensorFile shard) {
    for (FileTensor& t : shard.tensors_) {
      if (!by_name_.emplace(t.name, tensors_.size()).second)
        return LoadError{shard.place_, t.name + ": another shard has it too"};
      tensors_.push_back(std::move(t));
    }
    memory_.insert(memory_.end(), shard.memory_.begin(), shard.memory_.end());
    mapped_.insert(mapped_.end(), shard.mapped_.begin(), shard.mapped_.end());
    return {};
  }
  /// Keeps the mapped file of the tensors alive.
  void keep(MappedFile file) { mapped_.push_back(std::make_shared<const MappedFile>(std::move(file))); }
  /// Keeps memory alive that the tensors of `with` refer to.
  void keep(std::vector<std::byte> memory) {
    memory_.push_back(std::make_shared<const std::vector<std::byte>>(std::move(memory)));
  }

  /// The mapped files, for owners of pointers into them that outlive this object.
  std::span<const std::shared_ptr<const MappedFile>> mapped() const { return mapped_; }

  /// The address of the tensor's values in a mapped file, if they are stored there as an aligned array of T; null if
  /// they need conversion.
  template <std::floating_point T>
  const T* values_of(const FileTensor& tensor) const {
    constexpr Dtype same = sizeof(T) == 4 ? Dtype::f32 : Dtype::f64;
    if (tensor.dtype != same || tensor.transposed || tensor.parts.size() != 1 ||
        std::endian::native != std::endian::little)
      return nullptr;
    const std::span<const std::byte> bytes = tensor.parts[0].bytes;
    if (reinterpret_cast<std::uintptr_t>(bytes.data()) % alignof(T) != 0) return nullptr;
    for (const auto& file : mapped_)
      if (file->holds(bytes)) return reinterpret_cast<const T*>(bytes.data());
    return nullptr;
  }

  /// Drops the pages of a mapped file that contain only this tensor, after it was copied. The next access loads them
  /// again.
  void release(const FileTensor& tensor) const {
    for (const StoredTensor& part : tensor.parts)
      for (const auto& file : mapped_) file->release(part.bytes);
  }

 private:
  void add(std::span<const StoredTensor> tensors) {
    for (const StoredTensor& t : tensors) {
      by_name_.emplace(t.name, tensors_.size());
      tensors_.emplace_back(t);
    }
  }
  template <class File>
  void keep(File&& file) {
    auto shared = std::make_shared<const File>(std::move(file));
    add(shared->tensors());
    const MappedFile* const mapped = &shared->file();
    mapped_.emplace_back(std::move(shared), mapped);
  }

  FileFormat format_ = FileFormat::safetensors;
  std::string place_;
  std::map<std::string, std::string> metadata_;
  std::vector<std::shared_ptr<const MappedFile>> mapped_;  // each shares ownership with its directory
  std::vector<std::shared_ptr<const std::vector<std::byte>>> memory_;
  std::vector<FileTensor> tensors_;
  std::map<std::string, std::size_t, std::less<>> by_name_;
  std::optional<FolderDescription> description_;
};

/// Parses a file in memory, which must outlive the result: safetensors, torch.save or torch.jit.save.
/// LoadError: another format, or damaged content.
template <class Inflate = detail::Inflate>
[[nodiscard]] Result<TensorFile> try_parse_tensors(std::span<const std::byte> bytes, const std::string& place) {
  if (is_zip(bytes) || is_legacy_torch(bytes)) {
    auto file = try_parse_torch<Inflate>(bytes, place);
    return file ? Result<TensorFile>{TensorFile{std::move(*file)}} : file.error();
  }
  if (bytes.size() < 9 || bytes[8] != std::byte{'{'})
    return LoadError{place,
                     "neither a safetensors file nor one of torch.save (" + std::to_string(bytes.size()) + " bytes)"}
        .with_id("clip.load.format");
  auto file = try_parse_safetensors(bytes, place);
  return file ? Result<TensorFile>{TensorFile{std::move(*file)}} : file.error();
}

/// Maps one file and parses its directory. Errors as try_map_file and try_parse_tensors.
template <class Inflate = detail::Inflate>
[[nodiscard]] Result<TensorFile> try_open_tensor_file(const std::string& path) {
  auto file = try_map_file(path);
  if (!file) return file.error();
  auto result = try_parse_tensors<Inflate>(file->bytes(), path);
  if (result) result->keep(std::move(*file));
  return result;
}

}  // namespace clip::inline CLIP_ABI
