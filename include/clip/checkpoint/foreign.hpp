// clip/checkpoint/foreign.hpp: recognition of unsupported CLIP variants by their tensor names, for error messages.
#pragma once

#include <clip/formats/tensor_file.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace clip::inline CLIP_ABI::detail {

/// The kind of model in a file that no family of the library recognises, by its tensor names.
inline std::string foreign_kind(const TensorFile& file) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 5> signs{
      {{"vision_model.head.", "a SigLIP (vision_model.head …)"},
       {"visual.trunk.", "a CLIP whose image tower is timm's (visual.trunk …)"},
       {"image_encoder.model.", "a MobileCLIP (image_encoder.model …)"},
       {"_image_encoder.", "a TinyCLIP (_image_encoder …)"},
       {"text.", "a CLIP with a separate text tower (text …)"}}};
  for (const auto& [prefix, words] : signs)
    for (const FileTensor& t : file.tensors())
      if (t.name.starts_with(prefix)) return std::string(words);
  std::string names;
  for (std::size_t i = 0; i < file.tensors().size() && i < 6; ++i)
    names += (i ? ", " : "") + file.tensors()[i].name.substr(0, 80);
  return std::to_string(file.tensors().size()) + " tensors" +
         (names.empty() ? "" : " (" + names + (file.tensors().size() > 6 ? ", …)" : ")"));
}

}  // namespace clip::inline CLIP_ABI::detail
