// clip/formats/flax.hpp: Flax's names and layouts of weights, and PyTorch's.
//
// A dense kernel of Flax is (in, out), one of a convolution (height, width, in, out); attention has the heads as an
// axis of its own: (in, heads, depth) before it and (heads, depth, out) after it. Blocks that are scanned, rather than
// a list, are stored as one array per weight with an axis of blocks before the others.
#pragma once

#include <clip/formats/file_tensor.hpp>
#include <clip/formats/npz.hpp>
#include <clip/formats/tensor_to_write.hpp>

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Weights with the layouts of PyTorch. Names have dots instead of slashes and end in "weight" or "bias", or are those
/// of other arrays. Valid across moves, as long as the file.
struct FlaxTensors {
  std::string place;
  std::vector<FileTensor> tensors;
  std::vector<std::vector<std::byte>> memory{};
  std::map<std::string, Index, std::less<>> heads{};  // of the attention, by the first component of the names: "img"
};

/// Rearranges the arrays of a file. Copies the kernels of convolutions; other matrices are read column-major, and each
/// of the scanned blocks is a span of its array.
/// LoadError: two arrays with one name, different numbers of heads in one tower.
[[nodiscard]] CLIP_HOST Result<FlaxTensors> try_from_flax(NpzFile file);

namespace detail {
/// The heads of a tower as an entry of a file's metadata.
inline constexpr std::string_view flax_heads_key = "heads of ";
}  // namespace detail

/// Tensors to write in Flax's names and layouts. heads: as in FlaxTensors.
[[nodiscard]] CLIP_HOST std::vector<TensorToWrite> in_flax(std::vector<TensorToWrite> tensors,
                                                           const std::map<std::string, Index, std::less<>>& heads);

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/formats/flax.inl.hpp>
#endif
