// clip/io/npy.hpp: reads arrays from numpy's .npy files.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/size.hpp>
#include <clip/io/mapped_file.hpp>
#include <clip/io/npy_header.hpp>

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
/// The header of an array whose values become elements of type `values`, any type of file if `converts`.
[[nodiscard]] CLIP_HOST Result<NpyHeader> try_parse_npy_header(std::span<const std::byte> bytes,
                                                               const std::string& place, NpyType values, bool converts);

/// out[i] = the i-th value at p.
CLIP_HOST void npy_values(NpyType type, const std::byte* p, std::span<float> out);
CLIP_HOST void npy_values(NpyType type, const std::byte* p, std::span<double> out);
CLIP_HOST void npy_values(NpyType type, const std::byte* p, std::span<std::int8_t> out);
CLIP_HOST void npy_values(NpyType type, const std::byte* p, std::span<std::int32_t> out);
CLIP_HOST void npy_values(NpyType type, const std::byte* p, std::span<std::int64_t> out);
CLIP_HOST void npy_values(NpyType type, const std::byte* p, std::span<std::uint8_t> out);
}  // namespace detail

/// Parses an array; `place` is the file name in error messages. T = float or double accepts any element type and rounds
/// if needed. An integer T accepts exactly that type.
/// LoadError: not .npy, another element type, column-major (Fortran order), truncated, trailing bytes.
template <class T>
[[nodiscard]] Result<NpyArray<T>> try_parse_npy(std::span<const std::byte> bytes, const std::string& place) {
  auto header = detail::try_parse_npy_header(bytes, place, npy_type<T>, std::floating_point<T>);
  if (!header) return header.error();
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

#if !CLIP_HOST_LINKED
#include <clip/io/npy.inl.hpp>
#endif
