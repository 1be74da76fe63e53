// clip/formats/file_tensor.hpp: a tensor of a model, composed of one or more tensors of a file.
#pragma once

#include <clip/formats/dtype.hpp>

#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// One tensor of a file; or several, concatenated along the rows. All parts have the same element type and order.
struct FileTensor {
  std::string name;
  Dtype dtype = Dtype::f32;
  std::vector<Index> shape;
  std::vector<StoredTensor> parts;
  bool transposed = false;  // a matrix, of which each part is stored column-major

  FileTensor() = default;
  explicit FileTensor(StoredTensor tensor)
      : name{tensor.name}, dtype{tensor.dtype}, shape{tensor.shape}, parts{std::move(tensor)} {}

  Index count() const {
    Index n = 1;
    for (const Index extent : shape) n *= extent;
    return n;
  }
};

/// Converts all values to row-major order. Errors as for a stored tensor.
template <std::floating_point T>
[[nodiscard]] Result<void> try_convert(const FileTensor& tensor, std::span<T> out);

template <std::floating_point T>
void convert(const FileTensor& tensor, std::span<T> out) {
  try_convert(tensor, out).value();
}

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/formats/file_tensor.inl.hpp>
#endif
