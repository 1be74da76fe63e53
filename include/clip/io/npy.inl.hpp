// clip/io/npy.inl.hpp: definitions of clip/io/npy.hpp.
#pragma once

#include <clip/core/half.hpp>
#include <clip/io/bytes.hpp>
#include <clip/io/npy.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace clip::inline CLIP_ABI::detail {

/// Casts bits to a T.
template <class T>
inline constexpr auto npy_bits = [](auto bits) { return std::bit_cast<T>(bits); };

template <class T>
void npy_values_of(NpyType type, const std::byte* p, std::span<T> out) {
  switch (type) {
    case NpyType::f2: return load_each<std::uint16_t>(p, out, half_to_float);
    case NpyType::bf16: return load_each<std::uint16_t>(p, out, bfloat16_to_float);
    case NpyType::f4: return load_each<std::uint32_t>(p, out, npy_bits<float>);
    case NpyType::f8: return load_each<std::uint64_t>(p, out, npy_bits<double>);
    case NpyType::i1: return load_each<std::uint8_t>(p, out, npy_bits<std::int8_t>);
    case NpyType::i4: return load_each<std::uint32_t>(p, out, npy_bits<std::int32_t>);
    case NpyType::i8: return load_each<std::uint64_t>(p, out, npy_bits<std::int64_t>);
    case NpyType::u1: return load_each<std::uint8_t>(p, out, npy_bits<std::uint8_t>);
  }
}

CLIP_HOST void npy_values(NpyType type, const std::byte* p, std::span<float> out) { npy_values_of(type, p, out); }
CLIP_HOST void npy_values(NpyType type, const std::byte* p, std::span<double> out) { npy_values_of(type, p, out); }
CLIP_HOST void npy_values(NpyType type, const std::byte* p, std::span<std::int8_t> out) { npy_values_of(type, p, out); }
CLIP_HOST void npy_values(NpyType type, const std::byte* p, std::span<std::int32_t> out) {
  npy_values_of(type, p, out);
}
CLIP_HOST void npy_values(NpyType type, const std::byte* p, std::span<std::int64_t> out) {
  npy_values_of(type, p, out);
}
CLIP_HOST void npy_values(NpyType type, const std::byte* p, std::span<std::uint8_t> out) {
  npy_values_of(type, p, out);
}

CLIP_HOST Result<NpyHeader> try_parse_npy_header(std::span<const std::byte> bytes, const std::string& place,
                                                 NpyType values, bool converts) {
  auto header = clip::try_parse_npy_header(bytes, place);
  if (header && !converts && header->type != values)
    return LoadError{place, "npy: element type", name_of(values), name_of(header->type)};
  return header;
}

}  // namespace clip::inline CLIP_ABI::detail
