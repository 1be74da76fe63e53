// clip/formats/npz.inl.hpp: definitions of clip/formats/npz.hpp.
#pragma once

#include <clip/formats/npz.hpp>
#include <clip/formats/permute.hpp>
#include <clip/io/bytes.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

CLIP_HOST bool is_npz(std::span<const std::byte> bytes) {
  constexpr std::size_t header = 30;
  if (!is_zip(bytes) || bytes.size() < header) return false;
  const std::size_t name = load_little<std::uint16_t>(bytes.data() + 26);
  return name <= bytes.size() - header && as_text(bytes.subspan(header, name)).ends_with(".npy");
}

namespace detail {

CLIP_HOST Result<void> try_add_array(NpzFile& file, const ZipEntry& entry, ZipContent content, TensorContent wanted) {
  constexpr std::string_view ending = ".npy";
  const std::string shown = entry.name.substr(0, 200);
  if (!entry.name.ends_with(ending))
    return LoadError{file.place, "entry of an archive of arrays", "a name that ends in .npy", shown};
  auto header = try_parse_npy_header(content.bytes, file.place + ": " + shown, NpyOrder::any);
  if (!header) return header.error();
  StoredTensor array{entry.name.substr(0, entry.name.size() - ending.size()), dtype_of(header->type),
                     std::move(header->shape), content.bytes.subspan(header->begin)};
  std::vector<Index> extents = array.shape;
  std::ranges::replace(extents, Index{0}, Index{1});
  if (!stored_size(array.dtype, extents)) return LoadError{file.place, shown + ": its shape has impossible extents"};
  if (header->column_major && wanted == TensorContent::values) {
    // A row-major array whose axes are in the opposite order.
    std::vector<std::size_t> axes(array.shape.size());
    std::iota(axes.rbegin(), axes.rend(), std::size_t{0});
    const std::vector<Index> stored{array.shape.rbegin(), array.shape.rend()};
    file.memory.push_back(permuted(array.bytes, stored, axes, size_of(header->type)));
    array.bytes = file.memory.back();
  } else if (entry.deflated && wanted == TensorContent::values) {
    file.memory.push_back(std::move(content.inflated));
  } else if (entry.deflated || header->column_major) {
    array.bytes = {};
  }
  file.arrays.push_back(std::move(array));
  return {};
}

}  // namespace detail

}  // namespace clip::inline CLIP_ABI
