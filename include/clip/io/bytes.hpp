// clip/io/bytes.hpp: little- and big-endian integers, CRC-32, and casts between bytes and text.
#pragma once

#include <clip/core/abi.hpp>

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

namespace clip::inline CLIP_ABI {

/// The little-endian unsigned integer at p.
template <std::unsigned_integral T>
constexpr T load_little(const std::byte* p) {
  T value = 0;
  if (!std::is_constant_evaluated() && std::endian::native == std::endian::little) {
    std::memcpy(&value, p, sizeof value);  // the loop below remains a loop at -O2
    return value;
  }
  for (std::size_t i = 0; i < sizeof(T); ++i)
    value = static_cast<T>(value | static_cast<T>(static_cast<T>(p[i]) << (8 * i)));
  return value;
}

/// The big-endian unsigned integer at p.
template <std::unsigned_integral T>
constexpr T load_big(const std::byte* p) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i)
    value = static_cast<T>(value | static_cast<T>(static_cast<T>(p[i]) << (8 * (sizeof(T) - 1 - i))));
  return value;
}

template <std::unsigned_integral T>
constexpr void store_little(std::byte* p, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) p[i] = static_cast<std::byte>((value >> (8 * i)) & 0xFF);
}

template <std::unsigned_integral T>
constexpr void store_big(std::byte* p, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i)
    p[i] = static_cast<std::byte>((value >> (8 * (sizeof(T) - 1 - i))) & 0xFF);
}

/// out[i] = value(the i-th little-endian unsigned integer at p). `out` is a range of numbers.
template <std::unsigned_integral Bits, class Numbers, class F>
void load_each(const std::byte* p, Numbers&& out, F value) {
  for (auto& x : out) {
    x = static_cast<std::remove_cvref_t<decltype(x)>>(value(load_little<Bits>(p)));
    p += sizeof(Bits);
  }
}

/// Casts between bytes and characters. No copy.
inline std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline std::span<const std::byte> as_byte_span(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

namespace detail {
/// Row k, entry b: the remainder of byte b followed by k zero bytes, polynomial EDB88320 (reflected).
constexpr std::array<std::array<std::uint32_t, 256>, 8> crc32_tables() {
  std::array<std::array<std::uint32_t, 256>, 8> table{};
  for (std::uint32_t b = 0; b < 256; ++b) {
    std::uint32_t r = b;
    for (int bit = 0; bit < 8; ++bit) r = (r >> 1) ^ ((r & 1) ? 0xEDB88320U : 0U);
    table[0][b] = r;
  }
  for (std::size_t k = 1; k < 8; ++k)
    for (std::size_t b = 0; b < 256; ++b) table[k][b] = (table[k - 1][b] >> 8) ^ table[0][table[k - 1][b] & 0xFF];
  return table;
}
inline constexpr auto crc32_table = crc32_tables();
}  // namespace detail

/// CRC-32 as in gzip, zip and PNG. Incremental use: crc32(second, crc32(first)).
constexpr std::uint32_t crc32(std::span<const std::byte> bytes, std::uint32_t before = 0) {
  const auto& t = detail::crc32_table;
  std::uint32_t r = ~before;
  const std::byte* p = bytes.data();
  std::size_t n = bytes.size();
  for (; n >= 8; n -= 8, p += 8) {  // eight bytes per step: eight independent table reads instead of a chain of eight
    const std::uint32_t a = r ^ load_little<std::uint32_t>(p), b = load_little<std::uint32_t>(p + 4);
    r = t[7][a & 0xFF] ^ t[6][(a >> 8) & 0xFF] ^ t[5][(a >> 16) & 0xFF] ^ t[4][a >> 24] ^ t[3][b & 0xFF] ^
        t[2][(b >> 8) & 0xFF] ^ t[1][(b >> 16) & 0xFF] ^ t[0][b >> 24];
  }
  for (; n > 0; --n, ++p) r = (r >> 8) ^ t[0][(r ^ static_cast<std::uint32_t>(*p)) & 0xFF];
  return ~r;
}

}  // namespace clip::inline CLIP_ABI
