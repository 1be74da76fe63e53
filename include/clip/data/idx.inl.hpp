// clip/data/idx.inl.hpp: definitions of clip/data/idx.hpp.
#pragma once

#include <clip/data/idx.hpp>
#include <clip/io/bytes.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string>

namespace clip::inline CLIP_ABI {

CLIP_HOST Result<IdxArray> try_parse_idx(std::span<const std::byte> file, const std::string& place) {
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

}  // namespace clip::inline CLIP_ABI
