// clip/io/npy_write.hpp: writes numpy's .npy files, byte for byte as numpy.save does.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/size.hpp>
#include <clip/io/atomic_file.hpp>
#include <clip/io/npy_header.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Everything before the values: magic, version 1 and header, padded to a multiple of 64 bytes.
CLIP_HOST std::string npy_start(NpyType type, std::span<const Index> shape);

namespace detail {

/// The writer of arrays whose values are of type `values` in memory.
class NpyFile {
 public:
  [[nodiscard]] static CLIP_HOST Result<NpyFile> try_create(const std::string& path, std::span<const Index> shape,
                                                            NpyType type, NpyType values);
  [[nodiscard]] CLIP_HOST Result<void> try_write(std::span<const std::byte> bytes);
  [[nodiscard]] CLIP_HOST Result<void> try_commit();

 private:
  NpyFile(AtomicFile file, std::size_t count, NpyType type, NpyType values)
      : file_{std::move(file)}, left_{count}, type_{type}, values_{values} {}

  AtomicFile file_;
  std::size_t left_;
  NpyType type_, values_;  // in the file, in memory
  std::vector<std::uint16_t> halves_;
};

}  // namespace detail

/// Writes the values of an array in several calls. The shape is fixed at creation. The file appears atomically at
/// commit.
template <class T>
class NpyWriter {
 public:
  /// Floats may be stored as halves: type f2, each rounded to nearest.
  /// SystemError: folder or disk. OptionError: a negative extent, more than 32 extents, another type.
  [[nodiscard]] static Result<NpyWriter> try_create(const std::string& path, std::span<const Index> shape,
                                                    NpyType type = npy_type<T>) {
    auto file = detail::NpyFile::try_create(path, shape, type, npy_type<T>);
    if (!file) return file.error();
    return NpyWriter{std::move(*file)};
  }

  /// Appends. InputError: more values than the shape has.
  [[nodiscard]] Result<void> try_write(std::span<const T> values) { return file_.try_write(std::as_bytes(values)); }

  /// InputError: fewer values than the shape has. SystemError: disk.
  [[nodiscard]] Result<void> try_commit() { return file_.try_commit(); }

 private:
  explicit NpyWriter(detail::NpyFile file) : file_{std::move(file)} {}

  detail::NpyFile file_;
};

namespace detail {
[[nodiscard]] CLIP_HOST Result<void> try_write_npy(const std::string& path, std::span<const Index> shape,
                                                   std::span<const std::byte> bytes, NpyType type, NpyType values);
}  // namespace detail

/// Writes a whole array. SystemError: disk. InputError: the number of values differs from the shape.
template <class T>
[[nodiscard]] Result<void> try_write_npy(const std::string& path, std::span<const Index> shape,
                                         std::span<const T> values, NpyType type = npy_type<T>) {
  return detail::try_write_npy(path, shape, std::as_bytes(values), type, npy_type<T>);
}
template <class T>
void write_npy(const std::string& path, std::span<const Index> shape, std::span<const T> values,
               NpyType type = npy_type<T>) {
  try_write_npy(path, shape, values, type).value();
}

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/io/npy_write.inl.hpp>
#endif
