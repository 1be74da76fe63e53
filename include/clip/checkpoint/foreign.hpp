// clip/checkpoint/foreign.hpp: recognition of unsupported CLIP variants by their tensor names, for error messages.
#pragma once

#include <clip/formats/tensor_file.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI::detail {

/// The kinds of models that are recognised by their files, and not built.
inline constexpr std::array<std::string_view, 5> foreign_kinds{"TinyCLIP", "CoCa", "PE (Perception Encoder)",
                                                               "SigLIP 2 of flexible resolution (NaFlex)",
                                                               "CLIPs with towers of timm or transformers"};

/// A beginning of tensor names that only one kind of model has, and the kind in a sentence.
struct ForeignSign {
  std::string_view prefix, words;
  std::string_view beside = "";  // a tensor that is there, too
};
inline constexpr std::array<ForeignSign, 8> foreign_signs{
    {{"visual.attn_pool.",
      "a PE (Perception Encoder) in OpenCLIP's names (visual.trunk.attn_pool … and norm_pre), of which the text tower "
      "opens alone: the rotary positions of its image tower are not built",
      "visual.class_embedding"},
     {"visual.trunk.", "a CLIP whose image tower is timm's (visual.trunk …)"},
     {"image_encoder.model.", "a MobileCLIP in Apple's names (image_encoder.model …)"},
     {"_image_encoder.", "a TinyCLIP (_image_encoder …)"},
     {"text_decoder.", "a CoCa (text_decoder …)"},
     {"text.transformer.encoder.", "a CLIP whose text tower is transformers' (text.transformer …)"},
     {"text.transformer.embeddings.", "a CLIP whose text tower is transformers' (text.transformer …)"},
     {"text.", "a CLIP with a separate text tower (text …)"}}};

/// "the image tower of a CLIP alone …" or the text tower, by OpenAI's names; empty: neither.
inline std::string tower_alone(const TensorFile& file) {
  const auto begins = [&](std::string_view prefix) {
    return std::any_of(file.tensors().begin(), file.tensors().end(),
                       [&](const FileTensor& t) { return t.name.starts_with(prefix); });
  };
  const bool cnn = file.find("visual.layer1.0.conv1.weight") != nullptr;
  const bool image = (cnn || file.find("visual.class_embedding") != nullptr) && !begins("token_embedding.") &&
                     !begins("transformer."),
             text = file.find("token_embedding.weight") != nullptr && !begins("visual.");
  if (!image && !text) return {};
  const bool projects = (image && cnn) || file.find(image ? "visual.proj" : "text_projection") != nullptr;
  return std::string(image ? "the image tower of a CLIP alone" : "the text tower of a CLIP alone") +
         (projects ? "" : ", without projection") + ", which loads into " +
         (image ? "an ImageEncoder" : "a TextEncoder") + " (clip embed)";
}

/// The kind of model in a file that no family of the library recognises, by its tensor names.
inline std::string foreign_kind(const TensorFile& file) {
  const auto& tensors = file.tensors();
  for (const ForeignSign& sign : foreign_signs) {
    const auto fits = [&](const FileTensor& t) { return t.name.starts_with(sign.prefix); };
    if ((sign.beside.empty() || file.find(sign.beside) != nullptr) && std::any_of(tensors.begin(), tensors.end(), fits))
      return std::string(sign.words);
  }
  if (std::string tower = tower_alone(file); !tower.empty()) return tower;
  std::string names;
  for (std::size_t i = 0; i < tensors.size() && i < 6; ++i) names += (i ? ", " : "") + tensors[i].name.substr(0, 80);
  return std::to_string(tensors.size()) + " tensors" +
         (names.empty() ? "" : " (" + names + (tensors.size() > 6 ? ", …)" : ")"));
}

}  // namespace clip::inline CLIP_ABI::detail
