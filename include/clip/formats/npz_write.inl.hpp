// clip/formats/npz_write.inl.hpp: definitions of clip/formats/npz_write.hpp.
#pragma once

#include <clip/formats/npz.hpp>
#include <clip/formats/npz_write.hpp>
#include <clip/io/bytes.hpp>
#include <clip/io/npy_write.hpp>
#include <clip/io/zip_write.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>

namespace clip::inline CLIP_ABI {

namespace detail {

/// Writes one array as an entry.
inline Result<void> try_write_array(ZipFileWriter& zip, const TensorToWrite& tensor, const std::string& place) {
  const auto type = npy_type_of(tensor.dtype);
  if (!type)
    return OptionError{place, tensor.name + ": element type of an array", "one that numpy has, or BF16",
                       traits(tensor.dtype).name};
  const auto size = stored_size(tensor.dtype, tensor.shape);
  const std::string start = npy_start(*type, tensor.shape);
  std::uint32_t checksum = crc32(as_byte_span(start));
  std::size_t produced = 0;
  const auto sum = [&](std::span<const std::byte> bytes) {
    checksum = crc32(bytes, checksum);
    produced += bytes.size();
  };
  if (auto done = try_produce(tensor, sum); !done) return done;
  if (produced != size) return InputError{place, tensor.name + ": bytes produced", size.value_or(0), produced};
  if (auto done = zip.try_begin(tensor.name + ".npy", start.size() + produced, checksum); !done) return done;
  if (auto done = zip.try_write(as_byte_span(start)); !done) return done;
  Result<void> written;
  const auto write = [&](std::span<const std::byte> bytes) {
    if (written) written = zip.try_write(bytes);
  };
  if (auto done = try_produce(tensor, write); !done) return done;
  return written;
}

}  // namespace detail

CLIP_HOST Result<void> try_write_npz(const std::string& path, std::span<const TensorToWrite> tensors) {
  auto zip = ZipFileWriter::try_create(path);
  if (!zip) return zip.error();
  std::set<std::string> names;
  for (const TensorToWrite& tensor : tensors) {
    if (!names.insert(tensor.name).second) return InputError{path, "two tensors are named " + tensor.name};
    if (auto done = detail::try_write_array(*zip, tensor, path); !done) return done;
  }
  return zip->try_commit();
}

}  // namespace clip::inline CLIP_ABI
