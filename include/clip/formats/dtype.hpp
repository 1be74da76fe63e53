// clip/formats/dtype.hpp: element types of checkpoint files, stored tensors, and conversion to float or double.
#pragma once

#include <clip/core/half.hpp>
#include <clip/core/result.hpp>
#include <clip/core/size.hpp>
#include <clip/io/bytes.hpp>

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
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
inline std::optional<std::size_t> stored_size(Dtype dtype, std::span<const Index> shape) {
  std::size_t count = 1;
  for (const Index extent : shape) {
    if (extent < 0) return std::nullopt;
    const auto n = static_cast<std::size_t>(extent);
    if (n != 0 && count > static_cast<std::size_t>(std::numeric_limits<Index>::max()) / n) return std::nullopt;
    count *= n;
  }
  const auto bits = static_cast<std::size_t>(traits(dtype).bits);
  if (count > std::numeric_limits<std::size_t>::max() / bits || count * bits % 8 != 0) return std::nullopt;
  return count * bits / 8;
}

/// Converts all values of a tensor of type F16, BF16, F32, F64 or I64. Exact if T can represent the value (F64 to float
/// rounds).
/// LoadError with the tensor's name: another type. ShapeError: `out` has another length.
template <std::floating_point T>
[[nodiscard]] Result<void> try_convert(const StoredTensor& tensor, std::span<T> out) {
  if (std::cmp_not_equal(out.size(), tensor.count()))
    return ShapeError{tensor.name, "values", tensor.count(), out.size()};
  if (const auto size = stored_size(tensor.dtype, tensor.shape); size != tensor.bytes.size())
    return LoadError{tensor.name, "bytes", size.value_or(0), tensor.bytes.size()};
  constexpr Dtype same = sizeof(T) == 4 ? Dtype::f32 : Dtype::f64;
  if (tensor.dtype == same && std::endian::native == std::endian::little) {
    if (!out.empty()) std::memcpy(out.data(), tensor.bytes.data(), tensor.bytes.size());
    return {};
  }
  const std::byte* const p = tensor.bytes.data();
  switch (tensor.dtype) {
    case Dtype::f16: load_each<std::uint16_t>(p, out, half_to_float); return {};
    case Dtype::bf16: load_each<std::uint16_t>(p, out, bfloat16_to_float); return {};
    case Dtype::f32:
      load_each<std::uint32_t>(p, out, [](std::uint32_t bits) { return std::bit_cast<float>(bits); });
      return {};
    case Dtype::f64:
      load_each<std::uint64_t>(p, out, [](std::uint64_t bits) { return std::bit_cast<double>(bits); });
      return {};
    case Dtype::i64:
      load_each<std::uint64_t>(p, out, [](std::uint64_t bits) { return static_cast<std::int64_t>(bits); });
      return {};
    default: return LoadError{tensor.name, "element type", "F16, BF16, F32, F64 or I64", traits(tensor.dtype).name};
  }
}

template <std::floating_point T>
void convert(const StoredTensor& tensor, std::span<T> out) {
  try_convert(tensor, out).value();
}

}  // namespace clip::inline CLIP_ABI
