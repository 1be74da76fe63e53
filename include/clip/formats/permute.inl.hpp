// clip/formats/permute.inl.hpp: definitions of clip/formats/permute.hpp.
#pragma once

#include <clip/formats/permute.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

CLIP_HOST std::vector<Index> permuted_shape(std::span<const Index> shape, std::span<const std::size_t> axes) {
  std::vector<Index> result;
  for (const std::size_t axis : axes) result.push_back(shape[axis]);
  return result;
}

/// Copies elements of a fixed size. `to` is filled in order; strides are those of `from`, in elements.
template <class Element>
void permute_elements(const std::byte* from, std::byte* to, std::size_t count, std::span<const std::size_t> extents,
                      std::span<const std::size_t> strides) {
  std::vector<std::size_t> index(extents.size());
  std::size_t at = 0;
  for (std::size_t i = 0; i < count; ++i) {
    std::memcpy(to + i * sizeof(Element), from + at * sizeof(Element), sizeof(Element));
    for (std::size_t d = extents.size(); d-- > 0;) {
      at += strides[d];
      if (++index[d] < extents[d]) break;
      at -= strides[d] * extents[d];
      index[d] = 0;
    }
  }
}

CLIP_HOST std::vector<std::byte> permuted(std::span<const std::byte> bytes, std::span<const Index> shape,
                                          std::span<const std::size_t> axes, std::size_t each) {
  std::vector<std::size_t> stored(shape.size()), extents, strides;
  std::size_t count = 1;
  for (std::size_t d = shape.size(); d-- > 0; count *= static_cast<std::size_t>(shape[d])) stored[d] = count;
  for (const std::size_t axis : axes) {
    extents.push_back(static_cast<std::size_t>(shape[axis]));
    strides.push_back(stored[axis]);
  }
  std::vector<std::byte> result(bytes.size());
  if (each == 1) permute_elements<std::uint8_t>(bytes.data(), result.data(), count, extents, strides);
  else if (each == 2) permute_elements<std::uint16_t>(bytes.data(), result.data(), count, extents, strides);
  else if (each == 4) permute_elements<std::uint32_t>(bytes.data(), result.data(), count, extents, strides);
  else permute_elements<std::uint64_t>(bytes.data(), result.data(), count, extents, strides);
  return result;
}

}  // namespace clip::inline CLIP_ABI::detail
