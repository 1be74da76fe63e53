// clip/formats/file_tensor.inl.hpp: definitions of clip/formats/file_tensor.hpp.
#pragma once

#include <clip/formats/dtype.hpp>
#include <clip/formats/file_tensor.hpp>

#include <cstddef>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

template <std::floating_point T>
Result<void> try_convert(const FileTensor& tensor, std::span<T> out) {
  if (std::cmp_not_equal(out.size(), tensor.count()))
    return ShapeError{tensor.name, "values", tensor.count(), out.size()};
  if (tensor.transposed) {
    std::vector<T> columns(out.size());
    if (auto done = try_convert(tensor.parts[0], std::span<T>(columns)); !done) return done;
    const auto rows = static_cast<std::size_t>(tensor.shape[0]), cols = static_cast<std::size_t>(tensor.shape[1]);
    for (std::size_t i = 0; i < rows; ++i)
      for (std::size_t j = 0; j < cols; ++j) out[i * cols + j] = columns[j * rows + i];
    return {};
  }
  std::size_t begin = 0;
  for (const StoredTensor& part : tensor.parts) {
    const auto count = static_cast<std::size_t>(part.count());
    if (auto done = try_convert(part, out.subspan(begin, count)); !done) return done;
    begin += count;
  }
  return {};
}

}  // namespace clip::inline CLIP_ABI
