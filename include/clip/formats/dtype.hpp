// clip/formats/dtype.hpp: element types of checkpoint files, stored tensors, and conversion to float or double.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/size.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI {

/// The element types of safetensors, in the sort order of the official writer (which stores the last type first).
enum class Dtype {
  boolean,
  f4,
  f6_e2m3,
  f6_e3m2,
  u8,
  i8,
  f8_e5m2,
  f8_e4m3,
  f8_e8m0,
  f8_e4m3fnuz,
  f8_e5m2fnuz,
  i16,
  u16,
  f16,
  bf16,
  i32,
  u32,
  f32,
  c64,
  f64,
  i64,
  u64
};

struct DtypeTraits {
  std::string_view name;  // as in the file
  int bits;
};

namespace detail {
inline constexpr std::array<DtypeTraits, 22> dtype_traits{{
    {"BOOL", 8},    {"F4", 4},      {"F6_E2M3", 6}, {"F6_E3M2", 6},     {"U8", 8},          {"I8", 8},
    {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8}, {"I16", 16},
    {"U16", 16},    {"F16", 16},    {"BF16", 16},   {"I32", 32},        {"U32", 32},        {"F32", 32},
    {"C64", 64},    {"F64", 64},    {"I64", 64},    {"U64", 64},
}};
}  // namespace detail

constexpr const DtypeTraits& traits(Dtype dtype) { return detail::dtype_traits[static_cast<std::size_t>(dtype)]; }

/// The type with this name ("BF16"), or nullopt.
constexpr std::optional<Dtype> dtype_named(std::string_view name) {
  for (std::size_t i = 0; i < detail::dtype_traits.size(); ++i)
    if (detail::dtype_traits[i].name == name) return static_cast<Dtype>(i);
  return std::nullopt;
}

/// True for the types that weights are stored in.
constexpr bool is_floating(Dtype dtype) {
  return dtype == Dtype::f16 || dtype == Dtype::bf16 || dtype == Dtype::f32 || dtype == Dtype::f64;
}

/// How much of a file is read: everything; or names, types and shapes, so that nothing is inflated or copied. Then a
/// tensor whose values are not in the file as they are has no bytes, and converting it is a LoadError.
enum class TensorContent : unsigned char { values, shapes };

/// A tensor in a file: row-major, little-endian, possibly unaligned. Does not own the bytes.
struct StoredTensor {
  std::string name;
  Dtype dtype = Dtype::f32;
  std::vector<Index> shape;  // empty for a scalar
  std::span<const std::byte> bytes;

  Index count() const {
    Index n = 1;
    for (const Index extent : shape) n *= extent;
    return n;
  }
};

/// Size of a tensor in bytes; nullopt if an extent is negative, the size overflows, or the elements do not fill whole
/// bytes.
CLIP_HOST std::optional<std::size_t> stored_size(Dtype dtype, std::span<const Index> shape);

/// Converts all values of a tensor of type F16, BF16, F32, F64 or I64. Exact if T can represent the value (F64 to float
/// rounds).
/// LoadError with the tensor's name: another type. ShapeError: `out` has another length.
template <std::floating_point T>
[[nodiscard]] Result<void> try_convert(const StoredTensor& tensor, std::span<T> out);

template <std::floating_point T>
void convert(const StoredTensor& tensor, std::span<T> out) {
  try_convert(tensor, out).value();
}

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/formats/dtype.inl.hpp>
#endif
