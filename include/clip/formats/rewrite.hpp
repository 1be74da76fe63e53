// clip/formats/rewrite.hpp: tensors changed while they are written: another element type, transposed, split.
#pragma once

#include <clip/formats/tensor_to_write.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {

/// Axis i becomes axis axes[i] of the tensor. Holds no copy of it, until it is written.
CLIP_HOST TensorToWrite permuted(TensorToWrite tensor, std::vector<std::size_t> axes);

/// Rows of a matrix become its columns.
CLIP_HOST TensorToWrite transposed(TensorToWrite tensor);

/// `count` thirds of the rows, from third 0, 1 or 2 on.
CLIP_HOST TensorToWrite thirds(TensorToWrite tensor, std::size_t first, std::size_t count = 1);

/// The first `kept` rows of a matrix, then the later rows of another one of the same shape and element type.
CLIP_HOST TensorToWrite folded(TensorToWrite first, TensorToWrite second, Index kept);

/// The rows of a matrix with these numbers, in ascending order. Holds no copy of the matrix.
CLIP_HOST TensorToWrite rows_of(TensorToWrite tensor, std::vector<std::int32_t> rows);

}  // namespace detail

/// The same values as elements of another floating type, rounded to the nearest, ties to even. Integers stay as they
/// are. Writing it fails (NumericError) where a finite value is too large for the type.
CLIP_HOST TensorToWrite in_dtype(TensorToWrite tensor, Dtype dtype);

/// Whole numbers that the arithmetic holds as real ones, as I64.
CLIP_HOST TensorToWrite in_integers(TensorToWrite tensor);

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/formats/rewrite.inl.hpp>
#endif
