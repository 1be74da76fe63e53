// clip/io/npy_header.hpp: parser for the header of .npy files: element type, order, shape.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/size.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI {

/// The supported element types, little-endian. bf16: what numpy, which has no such type, stores of ml_dtypes' bfloat16.
enum class NpyType : unsigned char { f2, f4, f8, i1, i4, i8, u1, bf16 };

namespace detail {
struct NpyTypeTraits {
  std::string_view name;  // as in the file
  std::size_t size;
};
inline constexpr std::array<NpyTypeTraits, 8> npy_types{
    {{"<f2", 2}, {"<f4", 4}, {"<f8", 8}, {"|i1", 1}, {"<i4", 4}, {"<i8", 8}, {"|u1", 1}, {"<V2", 2}}};
}  // namespace detail

/// "<f4"
constexpr std::string_view name_of(NpyType type) { return detail::npy_types[static_cast<std::size_t>(type)].name; }
/// Bytes per element.
constexpr std::size_t size_of(NpyType type) { return detail::npy_types[static_cast<std::size_t>(type)].size; }

/// The element type for T.
template <class T>
inline constexpr NpyType npy_type =
    [] { static_assert(sizeof(T) == 0, "npy: values are float, double, int8, int32, int64 or uint8"); }();
template <>
inline constexpr NpyType npy_type<float> = NpyType::f4;
template <>
inline constexpr NpyType npy_type<double> = NpyType::f8;
template <>
inline constexpr NpyType npy_type<std::int8_t> = NpyType::i1;
template <>
inline constexpr NpyType npy_type<std::int32_t> = NpyType::i4;
template <>
inline constexpr NpyType npy_type<std::int64_t> = NpyType::i8;
template <>
inline constexpr NpyType npy_type<std::uint8_t> = NpyType::u1;

struct NpyHeader {
  NpyType type = NpyType::f4;
  std::vector<Index> shape;
  std::size_t count = 1;      // number of elements
  std::size_t begin = 0;      // byte offset of the first element
  bool column_major = false;  // several extents, of which the first varies fastest (Fortran order)
};

/// The orders of elements that a reader takes.
enum class NpyOrder : unsigned char { row_major, any };

/// Parses the header of a file that is entirely in `bytes`. Checks the sizes in the header against the number of bytes.
/// LoadError: not .npy (versions 1 to 3), an unsupported element type, another order, truncated, trailing bytes.
[[nodiscard]] CLIP_HOST Result<NpyHeader> try_parse_npy_header(std::span<const std::byte> bytes,
                                                               const std::string& place,
                                                               NpyOrder order = NpyOrder::row_major);

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/io/npy_header.inl.hpp>
#endif
