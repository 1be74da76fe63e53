// clip/names/twins.hpp: removal of the second copy of tensors that TinyCLIP's pruned files hold twice.
#pragma once

#include <clip/formats/tensor_file.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {

/// Components of names that PyTorch's wrappers insert: torch.compile, DataParallel, FSDP, activation checkpointing.
inline constexpr std::array<std::string_view, 4> wrapper_components{"_orig_mod.", "module.", "_fsdp_wrapped_module.",
                                                                    "_checkpoint_wrapped_module."};

/// Longer names are no model's.
inline constexpr std::size_t longest_name = 1024;

/// The name without the components of wrappers.
inline std::string without_wrappers(std::string name) {
  if (name.size() > longest_name) return name;
  for (const std::string_view wrapper : wrapper_components)
    for (std::size_t at = 0; (at = name.find(wrapper, at)) != name.npos;)
      if (at > 0 && name[at - 1] != '.') ++at;
      else name.erase(at, wrapper.size());
  return name;
}

inline constexpr std::string_view without_ddp = "_without_ddp.";

/// The name of a tensor of TinyCLIP's second reference to a tower: `_image_encoder.…` for
/// `image_encoder_without_ddp.…`; other names as they are.
inline std::string twin_name(std::string name) {
  const std::size_t end = name.find('.');
  if (end == name.npos || !std::string_view(name).substr(0, end + 1).ends_with(without_ddp)) return name;
  return "_" + name.substr(0, end + 1 - without_ddp.size()) + name.substr(end);
}

/// Whether two tensors have the same values: equal bytes in equal pieces.
inline bool same_values(const FileTensor& a, const FileTensor& b) {
  const auto same_piece = [](const StoredTensor& x, const StoredTensor& y) {
    return std::equal(x.bytes.begin(), x.bytes.end(), y.bytes.begin(), y.bytes.end());
  };
  return a.dtype == b.dtype && a.shape == b.shape && a.transposed == b.transposed &&
         std::equal(a.parts.begin(), a.parts.end(), b.parts.begin(), b.parts.end(), same_piece);
}

}  // namespace detail

/// The same file with one of two tensors that are the same one of a model: TinyCLIP's training program refers to its
/// towers twice, as _image_encoder, in a wrapper, and as image_encoder_without_ddp, without one. Other files stay as
/// they are. LoadError clip.load.ambiguous: the two differ.
[[nodiscard]] inline Result<TensorFile> try_without_twins(const TensorFile& file) {
  const auto is_second = [](const FileTensor& t) { return t.name.find(detail::without_ddp) != t.name.npos; };
  if (std::none_of(file.tensors().begin(), file.tensors().end(), is_second)) return file;
  std::vector<FileTensor> kept;
  std::map<std::string, const FileTensor*> first;
  for (const FileTensor& tensor : file.tensors()) {
    std::string name = detail::twin_name(detail::without_wrappers(tensor.name));
    const auto [known, is_new] = first.emplace(name, &tensor);
    if (is_new) {
      kept.push_back(tensor);
      kept.back().name = std::move(name);
    } else if (!detail::same_values(*known->second, tensor)) {
      return LoadError{file.place(), "names: " + known->second->name + " and " + tensor.name +
                                         " are one tensor of the model, expected equal values, found others"}
          .with_id("clip.load.ambiguous");
    }
  }
  return file.with(std::move(kept));
}

}  // namespace clip::inline CLIP_ABI
