// clip/io/npy.hpp: reads arrays from numpy's .npy files; includes npy_write.hpp.
#pragma once

#include <clip/core/half.hpp>
#include <clip/core/result.hpp>
#include <clip/core/size.hpp>
#include <clip/io/bytes.hpp>
#include <clip/io/mapped_file.hpp>
#include <clip/io/npy_header.hpp>

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// An array of any rank, row-major. A scalar has no extents and one value.
template <class T>
struct NpyArray {
  std::vector<Index> shape;
  std::vector<T> values;
};

namespace detail {

/// Casts bits to a T.
template <class T>
inline constexpr auto npy_bits = [](auto bits) { return std::bit_cast<T>(bits); };

template <class T>
void npy_values(NpyType type, const std::byte* p, std::vector<T>& out) {
  switch (type) {
    case NpyType::f2: return load_each<std::uint16_t>(p, out, half_to_float);
    case NpyType::f4: return load_each<std::uint32_t>(p, out, npy_bits<float>);
    case NpyType::f8: return load_each<std::uint64_t>(p, out, npy_bits<double>);
    case NpyType::i1: return load_each<std::uint8_t>(p, out, npy_bits<std::int8_t>);
    case NpyType::i4: return load_each<std::uint32_t>(p, out, npy_bits<std::int32_t>);
    case NpyType::i8: return load_each<std::uint64_t>(p, out, npy_bits<std::int64_t>);
    case NpyType::u1: return load_each<std::uint8_t>(p, out, npy_bits<std::uint8_t>);
  }
}

}  // namespace detail

/// Parses an array; `place` is the file name in error messages. T = float or double accepts any element type and rounds
/// if needed. An integer T accepts exactly that type.
/// LoadError: not .npy, another element type, column-major (Fortran order), truncated, trailing bytes.
template <class T>
[[nodiscard]] Result<NpyArray<T>> try_parse_npy(std::span<const std::byte> bytes, const std::string& place) {
  auto header = try_parse_npy_header(bytes, place);
  if (!header) return header.error();
  if constexpr (!std::floating_point<T>)
    if (header->type != npy_type<T>)
      return LoadError{place, "npy: element type", name_of(npy_type<T>), name_of(header->type)};
  NpyArray<T> array{std::move(header->shape), std::vector<T>(header->count)};
  detail::npy_values(header->type, bytes.data() + header->begin, array.values);
  return array;
}

/// Reads an array from a file.
template <class T>
[[nodiscard]] Result<NpyArray<T>> try_read_npy(const std::string& path) {
  const auto file = try_map_file(path);
  if (!file) return file.error();
  return try_parse_npy<T>(file->bytes(), path);
}
template <class T>
NpyArray<T> read_npy(const std::string& path) {
  return try_read_npy<T>(path).value();
}

}  // namespace clip::inline CLIP_ABI
