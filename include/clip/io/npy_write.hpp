// clip/io/npy_write.hpp: writes numpy's .npy files, byte for byte as numpy.save does.
#pragma once

#include <clip/core/half.hpp>
#include <clip/io/atomic_file.hpp>
#include <clip/io/bytes.hpp>
#include <clip/io/npy_header.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Everything before the values: magic, version 1 and header, padded to a multiple of 64 bytes.
inline std::string npy_start(NpyType type, std::span<const Index> shape) {
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

/// Writes the values of an array in several calls. The shape is fixed at creation. The file appears atomically at
/// commit.
template <class T>
class NpyWriter {
 public:
  /// Floats may be stored as halves: type f2, each rounded to nearest.
  /// SystemError: folder or disk. OptionError: a negative extent, more than 32 extents, another type.
  [[nodiscard]] static Result<NpyWriter> try_create(const std::string& path, std::span<const Index> shape,
                                                    NpyType type = npy_type<T>) {
    if (type != npy_type<T> && !(std::is_same_v<T, float> && type == NpyType::f2))
      return OptionError{path, "npy: element type", name_of(npy_type<T>), name_of(type)};
    std::size_t count = 1;
    for (const Index extent : shape) {
      if (extent < 0 || shape.size() > 32)
        return OptionError{path, "npy: expected up to 32 extents, none of them negative"};
      count *= static_cast<std::size_t>(extent);
    }
    auto file = AtomicFile::try_create(path);
    if (!file) return file.error();
    if (auto done = file->try_write(as_byte_span(npy_start(type, shape))); !done) return done.error();
    return NpyWriter{std::move(*file), count, type};
  }

  /// Appends. InputError: more values than the shape has.
  [[nodiscard]] Result<void> try_write(std::span<const T> values) {
    if (values.size() > left_)
      return InputError{file_.path(), "npy: values", "at most " + std::to_string(left_) + " more", values.size()};
    left_ -= values.size();
    static_assert(std::endian::native == std::endian::little, "npy: values are written in memory order");
    if (type_ == npy_type<T>) return file_.try_write(std::as_bytes(values));
    halves_.clear();
    for (const T value : values) halves_.push_back(float_to_half(static_cast<float>(value)));
    return file_.try_write(std::as_bytes(std::span{halves_}));
  }

  /// InputError: fewer values than the shape has. SystemError: disk.
  [[nodiscard]] Result<void> try_commit() {
    if (left_ > 0) return InputError{file_.path(), "npy: values missing for the shape", 0, left_};
    return file_.try_commit();
  }

 private:
  NpyWriter(AtomicFile file, std::size_t count, NpyType type) : file_{std::move(file)}, left_{count}, type_{type} {}

  AtomicFile file_;
  std::size_t left_;
  NpyType type_;
  std::vector<std::uint16_t> halves_;
};

/// Writes a whole array. SystemError: disk. InputError: the number of values differs from the shape.
template <class T>
[[nodiscard]] Result<void> try_write_npy(const std::string& path, std::span<const Index> shape,
                                         std::span<const T> values, NpyType type = npy_type<T>) {
  auto file = NpyWriter<T>::try_create(path, shape, type);
  if (!file) return file.error();
  if (auto done = file->try_write(values); !done) return done;
  return file->try_commit();
}
template <class T>
void write_npy(const std::string& path, std::span<const Index> shape, std::span<const T> values,
               NpyType type = npy_type<T>) {
  try_write_npy(path, shape, values, type).value();
}

}  // namespace clip::inline CLIP_ABI
