// clip/io/inflate.hpp: decompression of gzip files and raw deflate streams (RFC 1951, RFC 1952).
//
// Uses zlib if CLIP_HAS_ZLIB is 1, otherwise stb_image's decoder. The inflater is a template parameter, so that objects
// compiled with different inflaters can be linked into one program.
#pragma once

#include <clip/core/result.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {
#if defined(CLIP_HAS_ZLIB) && CLIP_HAS_ZLIB
struct ZlibInflate;
using Inflate = ZlibInflate;
#else
struct StbInflate;
using Inflate = StbInflate;
#endif
}  // namespace detail

inline bool is_gzip(std::span<const std::byte> bytes) {
  return bytes.size() >= 2 && bytes[0] == std::byte{0x1F} && bytes[1] == std::byte{0x8B};
}

// clip::precompiled holds these templates for the inflater it was built with.

/// Decompresses a gzip file of one or more members. Checks every header, checksum and length.
/// LoadError: not gzip, damaged, truncated, trailing bytes, more than `most` bytes (0: than file_budget() allows).
template <class Inflate = detail::Inflate>
[[nodiscard]] Result<std::vector<std::byte>> try_gunzip(std::span<const std::byte> in, const std::string& place,
                                                        std::size_t most = 0);

/// Decompresses one raw deflate stream that occupies all of `in` and decompresses to exactly `size` bytes, as a zip
/// directory states.
/// LoadError: damaged, truncated, another size.
template <class Inflate = detail::Inflate>
[[nodiscard]] Result<std::vector<std::byte>> try_inflate(std::span<const std::byte> in, std::size_t size,
                                                         const std::string& place);

/// Reads a whole file; decompresses it if it begins with the gzip signature.
template <class Inflate = detail::Inflate>
[[nodiscard]] Result<std::vector<std::byte>> try_read_file(const std::string& path);

template <class Inflate = detail::Inflate>
std::vector<std::byte> gunzip(std::span<const std::byte> in, const std::string& place) {
  return try_gunzip<Inflate>(in, place).value();
}
template <class Inflate = detail::Inflate>
std::vector<std::byte> read_file(const std::string& path) {
  return try_read_file<Inflate>(path).value();
}

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/io/inflate.inl.hpp>
#endif
