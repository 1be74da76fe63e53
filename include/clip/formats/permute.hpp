// clip/formats/permute.hpp: exchange of a tensor's axes.
#pragma once

#include <clip/core/size.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

/// The extents of a tensor with other axes: extent i is that of axis axes[i].
CLIP_HOST std::vector<Index> permuted_shape(std::span<const Index> shape, std::span<const std::size_t> axes);

/// The elements, of `each` bytes, of a row-major tensor with other axes, row-major.
CLIP_HOST std::vector<std::byte> permuted(std::span<const std::byte> bytes, std::span<const Index> shape,
                                          std::span<const std::size_t> axes, std::size_t each);

}  // namespace clip::inline CLIP_ABI::detail

#if !CLIP_HOST_LINKED
#include <clip/formats/permute.inl.hpp>
#endif
