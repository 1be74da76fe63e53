// clip/formats/dtype.inl.hpp: definitions of clip/formats/dtype.hpp.
#pragma once

#include <clip/core/half.hpp>
#include <clip/formats/dtype.hpp>
#include <clip/io/bytes.hpp>

#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <utility>

namespace clip::inline CLIP_ABI {

CLIP_HOST std::optional<std::size_t> stored_size(Dtype dtype, std::span<const Index> shape) {
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

template <std::floating_point T>
Result<void> try_convert(const StoredTensor& tensor, std::span<T> out) {
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

}  // namespace clip::inline CLIP_ABI
