// clip/formats/tensor_file.inl.hpp: definitions of clip/formats/tensor_file.hpp.
#pragma once

#include <clip/formats/below.hpp>
#include <clip/formats/flax.hpp>
#include <clip/formats/npz.hpp>
#include <clip/formats/safetensors.hpp>
#include <clip/formats/tensor_file.hpp>
#include <clip/formats/torch_file.hpp>
#include <clip/io/mapped_file.hpp>

#include <bit>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

CLIP_HOST TensorFile::TensorFile(const Safetensors& file) : place_{file.place()}, metadata_{file.metadata()} {
  add(file.tensors());
}
CLIP_HOST TensorFile::TensorFile(Safetensors&& file) : place_{file.place()}, metadata_{file.metadata()} {
  keep_file(std::move(file));
}
CLIP_HOST TensorFile::TensorFile(TorchFile&& file)
    : format_{file.torchscript() ? FileFormat::torchscript : FileFormat::torch}, place_{file.place()} {
  keep_file(std::move(file));
}

CLIP_HOST TensorFile::TensorFile(FlaxTensors&& file) : format_{FileFormat::npz}, place_{std::move(file.place)} {
  for (const auto& [tower, heads] : file.heads)
    metadata_.emplace(std::string(detail::flax_heads_key) + tower, std::to_string(heads));
  for (std::vector<std::byte>& memory : file.memory) keep(std::move(memory));
  for (FileTensor& tensor : file.tensors) {
    by_name_.emplace(tensor.name, tensors_.size());
    tensors_.push_back(std::move(tensor));
  }
}

CLIP_HOST const FileTensor* TensorFile::find(std::string_view name) const {
  const auto at = by_name_.find(name);
  return at == by_name_.end() ? nullptr : &tensors_[at->second];
}

CLIP_HOST TensorFile TensorFile::with(std::vector<FileTensor> tensors) const {
  TensorFile other{*this};
  other.tensors_ = std::move(tensors);
  other.by_name_.clear();
  for (std::size_t i = 0; i < other.tensors_.size(); ++i) other.by_name_.emplace(other.tensors_[i].name, i);
  return other;
}
CLIP_HOST TensorFile TensorFile::in_folder(std::string place,
                                           std::shared_ptr<const FolderDescription> description) const {
  TensorFile other{*this};
  other.place_ = std::move(place);
  other.description_ = std::move(description);
  return other;
}

CLIP_HOST Result<TensorFile> TensorFile::try_below(std::string_view prefix) const {
  std::vector<FileTensor> kept = tensors_;
  if (detail::keep_below(kept, prefix, &FileTensor::name)) return with(std::move(kept));
  return detail::none_below(place_, prefix);
}

CLIP_HOST Result<void> TensorFile::try_join(TensorFile shard) {
  for (FileTensor& t : shard.tensors_) {
    if (!by_name_.emplace(t.name, tensors_.size()).second)
      return LoadError{shard.place_, t.name + ": another shard has it too"};
    tensors_.push_back(std::move(t));
  }
  memory_.insert(memory_.end(), shard.memory_.begin(), shard.memory_.end());
  mapped_.insert(mapped_.end(), shard.mapped_.begin(), shard.mapped_.end());
  return {};
}

CLIP_HOST void TensorFile::keep(MappedFile file) {
  mapped_.push_back(std::make_shared<const MappedFile>(std::move(file)));
}
CLIP_HOST void TensorFile::keep(std::vector<std::byte> memory) {
  memory_.push_back(std::make_shared<const std::vector<std::byte>>(std::move(memory)));
}

CLIP_HOST const void* TensorFile::values_of(const FileTensor& tensor, Dtype dtype, std::size_t alignment) const {
  if (tensor.dtype != dtype || tensor.transposed || tensor.parts.size() != 1 ||
      std::endian::native != std::endian::little)
    return nullptr;
  const std::span<const std::byte> bytes = tensor.parts[0].bytes;
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % alignment != 0) return nullptr;
  for (const auto& file : mapped_)
    if (file->holds(bytes)) return bytes.data();
  return nullptr;
}

CLIP_HOST void TensorFile::release(const FileTensor& tensor) const {
  for (const StoredTensor& part : tensor.parts)
    for (const auto& file : mapped_) file->release(part.bytes);
}

CLIP_HOST void TensorFile::add(std::span<const StoredTensor> tensors) {
  for (const StoredTensor& t : tensors) {
    by_name_.emplace(t.name, tensors_.size());
    tensors_.emplace_back(t);
  }
}
template <class File>
void TensorFile::keep_file(File&& file) {
  auto shared = std::make_shared<const File>(std::move(file));
  add(shared->tensors());
  const MappedFile* const mapped = &shared->file();
  mapped_.emplace_back(std::move(shared), mapped);
}

namespace detail {

/// try_parse_tensors with another implementation of inflate.
template <class Inflate>
Result<TensorFile> try_parse_tensors_with(std::span<const std::byte> bytes, const std::string& place,
                                          std::string_view state_dict = {},
                                          TensorContent content = TensorContent::values) {
  if (state_dict.ends_with('.')) state_dict.remove_suffix(1);  // as messages write a prefix of names
  if (is_npz(bytes)) {
    auto file = try_parse_npz<Inflate>(bytes, place, state_dict, content);
    if (!file) return file.error();
    auto tensors = try_from_flax(std::move(*file));
    return tensors ? Result<TensorFile>{TensorFile{std::move(*tensors)}} : tensors.error();
  }
  if (is_zip(bytes) || is_legacy_torch(bytes)) {
    auto file = try_parse_torch<Inflate>(bytes, place, state_dict, content);
    return file ? Result<TensorFile>{TensorFile{std::move(*file)}} : file.error();
  }
  if (bytes.size() < 9 || bytes[8] != std::byte{'{'})
    return LoadError{place, "neither a safetensors file nor one of torch.save or numpy.savez (" +
                                std::to_string(bytes.size()) + " bytes)"}
        .with_id("clip.load.format");
  auto file = try_parse_safetensors(bytes, place);
  if (!file) return file.error();
  TensorFile all{std::move(*file)};
  return state_dict.empty() ? Result<TensorFile>{std::move(all)} : all.try_below(state_dict);
}

}  // namespace detail

CLIP_HOST Result<TensorFile> try_parse_tensors(std::span<const std::byte> bytes, const std::string& place,
                                               std::string_view state_dict, TensorContent content) {
  return detail::try_parse_tensors_with<detail::Inflate>(bytes, place, state_dict, content);
}

CLIP_HOST Result<TensorFile> try_open_tensor_file(const std::string& path, std::string_view state_dict,
                                                  TensorContent content) {
  auto file = try_map_file(path);
  if (!file) return file.error();
  auto result = try_parse_tensors(file->bytes(), path, state_dict, content);
  if (result) result->keep(std::move(*file));
  return result;
}

}  // namespace clip::inline CLIP_ABI
