// clip/formats/safetensors.hpp: safetensors reader: tensors as spans of the mapped file.
//
// Layout: N as 8 bytes, N bytes of JSON (name -> dtype, shape, data_offsets), then the data. The tensors must cover
// every byte of the data exactly once: no overlap, no gap, no trailing bytes.
#pragma once

#include <clip/formats/dtype.hpp>
#include <clip/io/mapped_file.hpp>

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI {

/// The maximum header length, as in the official reader.
inline constexpr std::size_t safetensors_header_limit = 100'000'000;

/// The directory of a file. Reads only the header; the system loads the data on first access. Tensors are spans of the
/// file, valid as long as this object, across moves.
class Safetensors {
 public:
  Safetensors(Safetensors&&) noexcept = default;
  Safetensors& operator=(Safetensors&&) noexcept = default;

  /// In the order of their data.
  std::span<const StoredTensor> tensors() const { return tensors_; }
  /// Null if there is no tensor with that name.
  const StoredTensor* find(std::string_view name) const;
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  /// The file name in error messages.
  const std::string& place() const { return place_; }
  /// The mapped file of the tensors; empty if the caller owns the bytes.
  const MappedFile& file() const { return file_; }

 private:
  Safetensors() = default;
  friend Result<Safetensors> try_parse_safetensors(std::span<const std::byte>, const std::string&);
  friend Result<Safetensors> try_open_safetensors(const std::string&);

  std::string place_;
  MappedFile file_;
  std::vector<StoredTensor> tensors_;
  std::vector<std::size_t> by_name_;
  std::map<std::string, std::string> metadata_;
};

/// Parses a file in memory, which must outlive the result. LoadError: any inconsistency in the header or in the extent
/// of the data.
[[nodiscard]] CLIP_HOST Result<Safetensors> try_parse_safetensors(std::span<const std::byte> bytes,
                                                                  const std::string& place);

/// Maps a file and parses its header. Errors as try_map_file and try_parse_safetensors.
[[nodiscard]] CLIP_HOST Result<Safetensors> try_open_safetensors(const std::string& path);

inline Safetensors open_safetensors(const std::string& path) { return try_open_safetensors(path).value(); }

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/formats/safetensors.inl.hpp>
#endif
