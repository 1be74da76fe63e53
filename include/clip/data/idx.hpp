// clip/data/idx.hpp: reader for IDX files of bytes (MNIST, Fashion-MNIST), plain or gzipped.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/size.hpp>
#include <clip/io/inflate.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Row-major: (n, 28, 28) pixels or (n) labels.
struct IdxArray {
  std::vector<Index> shape;
  std::vector<std::uint8_t> bytes;
};

/// Parses an IDX file: two zero bytes, the element type (08, bytes), the number of extents, the extents as big-endian
/// 32-bit integers, the values. LoadError: any other content, truncated, trailing bytes.
[[nodiscard]] CLIP_HOST Result<IdxArray> try_parse_idx(std::span<const std::byte> file, const std::string& place);

/// Reads a file, plain or gzipped. Errors as try_read_file and try_parse_idx.
template <class Inflate = detail::Inflate>
[[nodiscard]] Result<IdxArray> try_read_idx(const std::string& path) {
  auto file = try_read_file<Inflate>(path);
  if (!file) return file.error();
  return try_parse_idx(*file, path);
}

template <class Inflate = detail::Inflate>
IdxArray read_idx(const std::string& path) {
  return try_read_idx<Inflate>(path).value();
}

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/data/idx.inl.hpp>
#endif
