// clip/io/npy_write.inl.hpp: definitions of clip/io/npy_write.hpp.
#pragma once

#include <clip/core/half.hpp>
#include <clip/io/bytes.hpp>
#include <clip/io/npy_write.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <utility>

namespace clip::inline CLIP_ABI {

CLIP_HOST std::string npy_start(NpyType type, std::span<const Index> shape) {
  std::string line = "{'descr': '" + std::string(name_of(type)) + "', 'fortran_order': False, 'shape': (";
  for (std::size_t i = 0; i < shape.size(); ++i) line += (i ? ", " : "") + std::to_string(shape[i]);
  line += shape.size() == 1 ? ",), }" : "), }";
  if (!shape.empty())
    line.append(21 - std::to_string(shape[0]).size(), ' ');  // numpy reserves space for a growing first extent
  line.append(63 - (10 + line.size()) % 64, ' ').push_back('\n');
  std::string start{"\x93NUMPY\x01\x00\x00\x00", 10};
  store_little(reinterpret_cast<std::byte*>(start.data() + 8), static_cast<std::uint16_t>(line.size()));
  return start + line;
}

namespace detail {

CLIP_HOST Result<NpyFile> NpyFile::try_create(const std::string& path, std::span<const Index> shape, NpyType type,
                                              NpyType values) {
  if (type != values && !(values == NpyType::f4 && type == NpyType::f2))
    return OptionError{path, "npy: element type", name_of(values), name_of(type)};
  std::size_t count = 1;
  for (const Index extent : shape) {
    if (extent < 0 || shape.size() > 32)
      return OptionError{path, "npy: expected up to 32 extents, none of them negative"};
    count *= static_cast<std::size_t>(extent);
  }
  auto file = AtomicFile::try_create(path);
  if (!file) return file.error();
  if (auto done = file->try_write(as_byte_span(npy_start(type, shape))); !done) return done.error();
  return NpyFile{std::move(*file), count, type, values};
}

CLIP_HOST Result<void> NpyFile::try_write(std::span<const std::byte> bytes) {
  const std::size_t count = bytes.size() / size_of(values_);
  if (count > left_)
    return InputError{file_.path(), "npy: values", "at most " + std::to_string(left_) + " more", count};
  left_ -= count;
  static_assert(std::endian::native == std::endian::little, "npy: values are written in memory order");
  if (type_ == values_) return file_.try_write(bytes);
  halves_.clear();
  for (; !bytes.empty(); bytes = bytes.subspan(sizeof(float))) {
    float value;
    std::memcpy(&value, bytes.data(), sizeof value);
    halves_.push_back(float_to_half(value));
  }
  return file_.try_write(std::as_bytes(std::span{halves_}));
}

CLIP_HOST Result<void> NpyFile::try_commit() {
  if (left_ > 0) return InputError{file_.path(), "npy: values missing for the shape", 0, left_};
  return file_.try_commit();
}

CLIP_HOST Result<void> try_write_npy(const std::string& path, std::span<const Index> shape,
                                     std::span<const std::byte> bytes, NpyType type, NpyType values) {
  auto file = NpyFile::try_create(path, shape, type, values);
  if (!file) return file.error();
  if (auto done = file->try_write(bytes); !done) return done;
  return file->try_commit();
}

}  // namespace detail

}  // namespace clip::inline CLIP_ABI
