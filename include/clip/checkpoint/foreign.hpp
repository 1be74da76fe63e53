// clip/checkpoint/foreign.hpp: recognition of unsupported CLIP variants by their tensor names, for error messages.
#pragma once

#include <clip/formats/tensor_file.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace clip::inline CLIP_ABI::detail {

/// "the image tower of a CLIP alone …" or the text tower, by OpenAI's names; empty: neither.
inline std::string tower_alone(const TensorFile& file) {
  const auto begins = [&](std::string_view prefix) {
    return std::any_of(file.tensors().begin(), file.tensors().end(),
                       [&](const FileTensor& t) { return t.name.starts_with(prefix); });
  };
  const bool image = file.find("visual.class_embedding") != nullptr && !begins("token_embedding.") &&
                     !begins("transformer."),
             text = file.find("token_embedding.weight") != nullptr && !begins("visual.");
  if (!image && !text) return {};
  const bool projects = file.find(image ? "visual.proj" : "text_projection") != nullptr;
  return std::string(image ? "the image tower of a CLIP alone" : "the text tower of a CLIP alone") +
         (projects ? "" : ", without projection") + ", which loads into " +
         (image ? "an ImageEncoder" : "a TextEncoder") + " (clip embed)";
}

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
  if (std::string tower = tower_alone(file); !tower.empty()) return tower;
  std::string names;
  for (std::size_t i = 0; i < file.tensors().size() && i < 6; ++i)
    names += (i ? ", " : "") + file.tensors()[i].name.substr(0, 80);
  return std::to_string(file.tensors().size()) + " tensors" +
         (names.empty() ? "" : " (" + names + (file.tensors().size() > 6 ? ", …)" : ")"));
}

}  // namespace clip::inline CLIP_ABI::detail
