// clip/model/openclip_foreign.hpp: recognition of unsupported CLIP variants by OpenCLIP's configuration files.
#pragma once

#include <clip/io/json.hpp>

#include <string>

namespace clip::inline CLIP_ABI::detail {

/// A text in an object of a configuration; empty if it is not there.
inline std::string text_in(const Json& model, const char* object, const char* key) {
  const auto part = model.find(object);
  if (part == model.end() || !part->is_object()) return {};
  const auto value = part->find(key);
  const auto* const text = value == part->end() ? nullptr : value->get_ptr<const Json::string_t*>();
  return text != nullptr ? text->substr(0, 80) : std::string();
}

/// Whether the image tower of a configuration is a Perception Encoder's, which is not built, beside a text tower that
/// is.
inline bool is_perception_encoder(const Json& model) {
  return model.is_object() && text_in(model, "vision_cfg", "timm_model_name").starts_with("vit_pe_");
}

/// The kind of model that a configuration of OpenCLIP describes and no family of the library builds: "a SigLIP". Empty:
/// none that is known.
inline std::string foreign_openclip(const Json& model) {
  if (!model.is_object()) return {};
  if (model.contains("multimodal_cfg")) return "a CoCa (multimodal_cfg)";
  const std::string image = text_in(model, "vision_cfg", "timm_model_name"),
                    text = text_in(model, "text_cfg", "hf_model_name");
  const auto named = [&](const std::string& kind) { return kind + " (timm_model_name " + image + ")"; };
  if (image.find("siglip_gap") != image.npos) return named("a SigLIP without its pooling");
  if (is_perception_encoder(model)) return named("a PE (Perception Encoder) with rotary positions in its image tower");
  if (!image.empty() && image.find("siglip") == image.npos) return named("a CLIP whose image tower is timm's");
  if (!text.empty()) return "a CLIP whose text tower is transformers' (hf_model_name " + text + ")";
  return {};
}

}  // namespace clip::inline CLIP_ABI::detail
