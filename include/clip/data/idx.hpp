// clip/data/idx.hpp: reader for IDX files of bytes (MNIST, Fashion-MNIST), plain or gzipped.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/size.hpp>
#include <clip/io/bytes.hpp>
#include <clip/io/inflate.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Row-major: (n, 28, 28) pixels or (n) labels.
struct IdxArray {
  std::vector<Index> shape;
  std::vector<std::uint8_t> bytes;
};

/// Parses an IDX file: two zero bytes, the element type (08, bytes), the number of extents, the extents as big-endian
/// 32-bit integers, the values. LoadError: any other content, truncated, trailing bytes.
[[nodiscard]] inline Result<IdxArray> try_parse_idx(std::span<const std::byte> file, const std::string& place) {
  const auto at = [&](std::size_t i) { return std::to_integer<unsigned>(file[i]); };
  if (file.size() < 4) return LoadError{place, "idx: file size", "at least 4 bytes", file.size()};
  if (at(0) != 0 || at(1) != 0 || at(3) == 0)
    return LoadError{place, "not an IDX file: expected 00 00, a type and a number of extents"};
  if (at(2) != 8) return LoadError{place, "idx: element type", "8 (bytes)", at(2)};
  const std::size_t rank = at(3), header = 4 + 4 * rank;
  if (file.size() < header) return LoadError{place, "idx: truncated: bytes of header", header, file.size()};

  IdxArray result;
  std::uint64_t count = 1;
  for (std::size_t d = 0; d < rank; ++d) {
    const std::uint64_t extent = load_big<std::uint32_t>(file.data() + 4 + 4 * d);
    result.shape.push_back(static_cast<Index>(extent));
    if (extent != 0 && count > static_cast<std::uint64_t>(std::numeric_limits<Index>::max()) / extent)
      return LoadError{place, "idx: the product of the extents exceeds the address space"};
    count *= extent;
  }
  if (file.size() - header != count)
    return LoadError{
        place,
        file.size() - header < count ? "idx: truncated: bytes of values" : "idx: trailing bytes: bytes of values",
        count, file.size() - header};
  result.bytes.resize(file.size() - header);
  if (count != 0) std::memcpy(result.bytes.data(), file.data() + header, result.bytes.size());
  return result;
}

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
