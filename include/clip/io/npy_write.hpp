// clip/io/npy_write.hpp: numpy's .npy files, byte for byte as numpy.save writes them.
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

/// The bytes before the values: version 1, the values begin at a multiple of 64.
inline std::string npy_start(NpyType type, std::span<const Index> shape) {
  std::string line = "{'descr': '" + std::string(name_of(type)) + "', 'fortran_order': False, 'shape': (";
  for (std::size_t i = 0; i < shape.size(); ++i) line += (i ? ", " : "") + std::to_string(shape[i]);
  line += shape.size() == 1 ? ",), }" : "), }";
  if (!shape.empty())
    line.append(21 - std::to_string(shape[0]).size(), ' ');  // numpy leaves room for the first extent to grow
  line.append(63 - (10 + line.size()) % 64, ' ').push_back('\n');
  std::string start{"\x93NUMPY\x01\x00\x00\x00", 10};
  store_little(reinterpret_cast<std::byte*>(start.data() + 8), static_cast<std::uint16_t>(line.size()));
  return start + line;
}

/// Writes values as they come; the file appears with commit(), whole or not at all. Its shape is told in advance.
template <class T>
class NpyWriter {
 public:
  /// Floats may be stored as halves: type f2, each rounded to the nearest.
  /// SystemError: the folder, the disk. OptionError: a negative extent or more than 32; another type.
  [[nodiscard]] static Result<NpyWriter> try_create(const std::string& path, std::span<const Index> shape,
                                                    NpyType type = npy_type<T>) {
    if (type != npy_type<T> && !(std::is_same_v<T, float> && type == NpyType::f2))
      return OptionError{path, "npy: element type", name_of(npy_type<T>), name_of(type)};
    std::size_t count = 1;
    for (const Index extent : shape) {
      if (extent < 0 || shape.size() > 32)
        return OptionError{path, "npy: up to 32 extents, none of them negative, expected"};
      count *= static_cast<std::size_t>(extent);
    }
    auto file = AtomicFile::try_create(path);
    if (!file) return file.error();
    if (auto done = file->try_write(as_byte_span(npy_start(type, shape))); !done) return done.error();
    return NpyWriter{std::move(*file), count, type};
  }

  /// Appends. InputError: more than the shape holds.
  [[nodiscard]] Result<void> try_write(std::span<const T> values) {
    if (values.size() > left_)
      return InputError{file_.path(), "npy: values", "at most " + std::to_string(left_) + " more", values.size()};
    left_ -= values.size();
    static_assert(std::endian::native == std::endian::little, "npy: values are written as they lie in memory");
    if (type_ == npy_type<T>) return file_.try_write(std::as_bytes(values));
    halves_.clear();
    for (const T value : values) halves_.push_back(float_to_half(static_cast<float>(value)));
    return file_.try_write(std::as_bytes(std::span{halves_}));
  }

  /// InputError: fewer values than the shape holds. SystemError: the disk.
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

/// An array at once. SystemError: the disk. InputError: values that are not as many as the shape holds.
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
