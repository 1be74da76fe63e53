// clip/tower/clip_vit/description.inl.hpp: definitions of clip/tower/clip_vit/description.hpp.
#pragma once

#include <clip/config/bounds.hpp>
#include <clip/io/json.hpp>
#include <clip/io/json_reader.hpp>
#include <clip/names/shape_reader.hpp>
#include <clip/tower/clip_vit/description.hpp>
#include <clip/tower/json_fields.hpp>
#include <clip/tower/transformer_names.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

namespace detail {

/// OpenAI's names and those of transformers' CLIPModel ("pre_layrnorm" is its spelling).
inline constexpr auto vit_huggingface_names =
    joined(vision_huggingface_names,
           std::array<NameRule, 3>{{{"visual.class_embedding", "vision_model.embeddings.class_embedding"},
                                    {"visual.ln_pre.*", "vision_model.pre_layrnorm.*"},
                                    {"visual.proj", "visual_projection.weight", true}}});

/// The image towers of OpenCLIP's ViT-H, ViT-g and ViT-bigG have 16 heads, whatever their width.
constexpr bool has_sixteen_heads(Index width, Index layers) {
  return (width == 1280 && layers == 32) || (width == 1408 && layers == 40) || (width == 1664 && layers == 48);
}

}  // namespace detail

CLIP_HOST VitConfig Description<VitConfig>::read(JsonReader& image) {
  VitConfig c = ViT_B_32.image;
  c.mlp_width = 0;
  c.image_size = image.extent("image_size", largest_image_size);
  c.patch_size = image.extent("patch_size", largest_image_size);
  c = read_transformer(image, c);
  c.preprocessing = read_preprocessing(image);
  return c;
}

CLIP_HOST JsonTree Description<VitConfig>::write(const VitConfig& c) {
  JsonTree image = transformer_to_json(c);
  image["patch_size"] = c.patch_size;
  image["image_size"] = c.image_size;
  write_preprocessing(image, c.preprocessing);
  return image;
}

CLIP_HOST bool Description<VitConfig>::recognises(const JsonReader& image) {
  return image.says("kind", kind) || (!image.has("kind") && !image.holds_array("layers"));
}

CLIP_HOST bool Description<VitConfig>::recognises(const ShapeReader& shape) {
  return shape.has("visual.class_embedding");
}

CLIP_HOST bool Description<VitConfig>::recognises_openclip(const JsonReader& image) {
  return !image.holds_array("layers") && !image.has("timm_model_name");
}

CLIP_HOST VitConfig Description<VitConfig>::read_openclip(JsonReader& image, Activation activation) {
  const Index image_size = image.extent("image_size", largest_image_size),
              width = image.extent("width", largest_extent);
  const Index head_width = image.may_have("head_width") ? image.integer("head_width", 1) : 64;
  VitConfig c{.image_size = image_size,
              .patch_size = image.extent("patch_size", largest_image_size),
              .width = width,
              .layers = image.extent("layers", most_layers),
              .heads = head_width > 0 ? width / head_width : 0,
              .activation = activation,
              .epsilon = 1e-5f};
  c.mlp_width = read_mlp_ratio(image, width);
  return c;
}

CLIP_HOST Result<JsonTree> Description<VitConfig>::try_write_openclip(const VitConfig& c, const std::string& place) {
  if (c.width % (c.width / c.heads) != 0) return OptionError{place, "heads must divide the width"};
  JsonTree vision = json_object("image_size", c.image_size, "layers", c.layers, "width", c.width, "head_width",
                                c.width / c.heads, "patch_size", c.patch_size);
  if (c.hidden() != 4 * c.width) vision["mlp_ratio"] = mlp_ratio(c.width, c.hidden());
  return vision;
}

CLIP_HOST Result<JsonTree> Description<VitConfig>::try_write_huggingface(const VitConfig& c, Index embed_dim,
                                                                         const std::string&) {
  JsonTree vision = huggingface_transformer(c, embed_dim);
  vision.put("model_type", "clip_vision_model", "image_size", c.image_size, "patch_size", c.patch_size, "num_channels",
             c.channels);
  return vision;
}

CLIP_HOST NameTable Description<VitConfig>::names(Dialect dialect) {
  if (dialect != Dialect::huggingface) return {.dialect = dialect};
  return {.dialect = dialect,
          .prefix = "vision_model.",
          .rules = detail::vit_huggingface_names,
          .dropped = "vision_model.embeddings.position_ids"};
}

CLIP_HOST Index Description<VitConfig>::embed_dim(ShapeReader& shape) { return shape("visual.proj", 2, 1); }

CLIP_HOST VitConfig Description<VitConfig>::infer(ShapeReader& shape, const TowerStatement& stated,
                                                  const TowerStatement& assumed) {
  VitConfig c = ViT_B_32.image;
  const Index positions = shape("visual.positional_embedding", 2, 0);
  shape("visual.proj", 2, 1);
  c.width = shape("visual.conv1.weight", 4, 0);
  c.patch_size = shape("visual.conv1.weight", 4, 3);
  c.layers = shape.count_blocks("visual.transformer.resblocks.", "attn.in_proj_weight");
  const Index hidden = shape("visual.transformer.resblocks.0.mlp.c_fc.weight", 2, 0);
  if (!shape.problems().empty()) return c;
  c.image_size = shape.grid("visual.positional_embedding", positions) * c.patch_size;
  c.mlp_width = hidden == 4 * c.width ? 0 : hidden;
  const bool sixteen = assumed.heads == 0 && detail::has_sixteen_heads(c.width, c.layers);
  c.heads = infer_heads(c.width, stated.heads, sixteen ? 16 : assumed.heads);
  c.activation = stated.activation.value_or(assumed.activation.value_or(Activation::quick_gelu));
  c.epsilon = stated.epsilon.value_or(c.epsilon);
  return c;
}

CLIP_HOST double Description<VitConfig>::count_values(const VitConfig& c, Index embed_dim) {
  const double w = static_cast<double>(c.width);
  return w * static_cast<double>(c.patch_values() + 1 + c.tokens()) + 4 * w +
         values_of_blocks(c.layers, c.width, c.hidden()) + w * static_cast<double>(embed_dim);
}

CLIP_HOST std::string Description<VitConfig>::in_words(const VitConfig& c) {
  return "patch " + std::to_string(c.patch_size) + ", width " + std::to_string(c.width) + ", layers " +
         std::to_string(c.layers) + ", heads " + std::to_string(c.heads) + ", " + std::string(name_of(c.activation));
}

}  // namespace clip::inline CLIP_ABI
