// clip/formats/file_tensor.inl.hpp: definitions of clip/formats/file_tensor.hpp.
#pragma once

#include <clip/formats/dtype.hpp>
#include <clip/formats/file_tensor.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {

/// A matrix of `cols` columns, which are stored one after the other, row by row. A few rows at a time, so that both the
/// values read and the rows written stay in the cache.
template <class T>
void transpose_columns(std::span<const T> columns, std::size_t cols, std::span<T> out) {
  if (columns.empty()) return;
  constexpr std::size_t together = 16;
  const std::size_t rows = columns.size() / cols;
  for (std::size_t first = 0; first < rows; first += together)
    for (std::size_t j = 0; j < cols; ++j)
      for (std::size_t i = first; i < std::min(rows, first + together); ++i) out[i * cols + j] = columns[j * rows + i];
}

}  // namespace detail

template <std::floating_point T>
Result<void> try_convert(const FileTensor& tensor, std::span<T> out) {
  if (std::cmp_not_equal(out.size(), tensor.count()))
    return ShapeError{tensor.name, "values", tensor.count(), out.size()};
  std::size_t begin = 0;
  for (const StoredTensor& part : tensor.parts) {
    const auto count = static_cast<std::size_t>(part.count());
    if (tensor.transposed) {
      std::vector<T> columns(count);
      if (auto done = try_convert(part, std::span<T>(columns)); !done) return done;
      detail::transpose_columns<T>(columns, static_cast<std::size_t>(tensor.shape[1]), out.subspan(begin, count));
    } else if (auto done = try_convert(part, out.subspan(begin, count)); !done) {
      return done;
    }
    begin += count;
  }
  return {};
}

}  // namespace clip::inline CLIP_ABI
