// clip/tower/siglip_vit/description.inl.hpp: definitions of clip/tower/siglip_vit/description.hpp.
#pragma once

#include <clip/config/bounds.hpp>
#include <clip/io/json.hpp>
#include <clip/io/json_reader.hpp>
#include <clip/names/shape_reader.hpp>
#include <clip/tower/json_fields.hpp>
#include <clip/tower/siglip_vit/description.hpp>
#include <clip/tower/siglip_vit/timm.hpp>
#include <clip/tower/transformer_names.hpp>

#include <array>
#include <string>

namespace clip::inline CLIP_ABI {

namespace detail {

/// Our names and those of transformers' SiglipModel, which stores the two numbers of a similarity with the shape (1).
inline constexpr auto siglip_vit_huggingface_names =
    joined(vision_huggingface_names,
           std::array<NameRule, 10>{{
               {"visual.conv1.bias", "vision_model.embeddings.patch_embedding.bias"},
               {"visual.attn_pool.probe", "vision_model.head.probe"},
               {"visual.attn_pool.attn.in_proj_weight", "vision_model.head.attention.in_proj_weight"},
               {"visual.attn_pool.attn.in_proj_bias", "vision_model.head.attention.in_proj_bias"},
               {"visual.attn_pool.attn.out_proj.*", "vision_model.head.attention.out_proj.*"},
               {"visual.attn_pool.ln.*", "vision_model.head.layernorm.*"},
               {"visual.attn_pool.mlp.c_fc.*", "vision_model.head.mlp.fc1.*"},
               {"visual.attn_pool.mlp.c_proj.*", "vision_model.head.mlp.fc2.*"},
               {"logit_scale", "logit_scale", false, 1},
               {"logit_bias", "logit_bias", false, 1},
           }});

/// Our names and those of timm's vision transformer as OpenCLIP's image tower.
inline constexpr std::array<NameRule, 18> siglip_vit_timm_names{{
    {"visual.conv1.weight", "visual.trunk.patch_embed.proj.weight"},
    {"visual.conv1.bias", "visual.trunk.patch_embed.proj.bias"},
    {"visual.positional_embedding", "visual.trunk.pos_embed", false, 1},
    {"visual.ln_post.*", "visual.trunk.norm.*"},
    {"visual.attn_pool.probe", "visual.trunk.attn_pool.latent"},
    {"visual.attn_pool.attn.in_proj_weight", "visual.trunk.attn_pool.&.weight"},
    {"visual.attn_pool.attn.in_proj_bias", "visual.trunk.attn_pool.&.bias"},
    {"visual.attn_pool.attn.out_proj.*", "visual.trunk.attn_pool.proj.*"},
    {"visual.attn_pool.ln.*", "visual.trunk.attn_pool.norm.*"},
    {"visual.attn_pool.mlp.c_fc.*", "visual.trunk.attn_pool.mlp.fc1.*"},
    {"visual.attn_pool.mlp.c_proj.*", "visual.trunk.attn_pool.mlp.fc2.*"},
    {"visual.transformer.resblocks.#.ln_1.*", "visual.trunk.blocks.#.norm1.*"},
    {"visual.transformer.resblocks.#.ln_2.*", "visual.trunk.blocks.#.norm2.*"},
    {"visual.transformer.resblocks.#.attn.in_proj_weight", "visual.trunk.blocks.#.attn.qkv.weight"},
    {"visual.transformer.resblocks.#.attn.in_proj_bias", "visual.trunk.blocks.#.attn.qkv.bias"},
    {"visual.transformer.resblocks.#.attn.out_proj.*", "visual.trunk.blocks.#.attn.proj.*"},
    {"visual.transformer.resblocks.#.mlp.c_fc.*", "visual.trunk.blocks.#.mlp.fc1.*"},
    {"visual.transformer.resblocks.#.mlp.c_proj.*", "visual.trunk.blocks.#.mlp.fc2.*"},
}};

/// Our names and those of big_vision, with dots and in PyTorch's layouts (formats/flax.hpp).
inline constexpr std::array<NameRule, 19> siglip_vit_big_vision_names{{
    {"visual.conv1.*", "img.embedding.*"},
    {"visual.positional_embedding", "img.pos_embedding", false, 1},
    {"visual.ln_post.*", "img.Transformer.encoder_norm.*"},
    {"visual.attn_pool.probe", "img.MAPHead_0.probe"},
    {"visual.attn_pool.attn.in_proj_weight", "img.MAPHead_0.MultiHeadDotProductAttention_0.$.weight"},
    {"visual.attn_pool.attn.in_proj_bias", "img.MAPHead_0.MultiHeadDotProductAttention_0.$.bias"},
    {"visual.attn_pool.attn.out_proj.*", "img.MAPHead_0.MultiHeadDotProductAttention_0.out.*"},
    {"visual.attn_pool.ln.*", "img.MAPHead_0.LayerNorm_0.*"},
    {"visual.attn_pool.mlp.c_fc.*", "img.MAPHead_0.MlpBlock_0.Dense_0.*"},
    {"visual.attn_pool.mlp.c_proj.*", "img.MAPHead_0.MlpBlock_0.Dense_1.*"},
    {"visual.transformer.resblocks.#.ln_1.*", "img.Transformer.encoderblock_#.LayerNorm_0.*"},
    {"visual.transformer.resblocks.#.ln_2.*", "img.Transformer.encoderblock_#.LayerNorm_1.*"},
    {"visual.transformer.resblocks.#.attn.in_proj_weight",
     "img.Transformer.encoderblock_#.MultiHeadDotProductAttention_0.$.weight"},
    {"visual.transformer.resblocks.#.attn.in_proj_bias",
     "img.Transformer.encoderblock_#.MultiHeadDotProductAttention_0.$.bias"},
    {"visual.transformer.resblocks.#.attn.out_proj.*",
     "img.Transformer.encoderblock_#.MultiHeadDotProductAttention_0.out.*"},
    {"visual.transformer.resblocks.#.mlp.c_fc.*", "img.Transformer.encoderblock_#.MlpBlock_0.Dense_0.*"},
    {"visual.transformer.resblocks.#.mlp.c_proj.*", "img.Transformer.encoderblock_#.MlpBlock_0.Dense_1.*"},
    {"logit_scale", "t", false, 1},
    {"logit_bias", "b", false, 1},
}};

/// Only a SigLIP's image tower has such a pooling.
inline constexpr std::array<NameRule, 1> siglip_vit_huggingface_signs{
    {{"visual.attn_pool.probe", "vision_model.head.probe"}}};
inline constexpr std::array<NameRule, 1> siglip_vit_timm_signs{
    {{"visual.attn_pool.probe", "visual.trunk.attn_pool.latent"}}};

/// SO400M and g-opt have 16 heads, whatever their width.
constexpr bool siglip_has_sixteen_heads(Index width) { return width == 1152 || width == 1536; }

/// The pixels along one side of an image of `grid` patches: those patches', unless the stated size has as many whole
/// patches. Nothing stated: 384 for the grid of 27 patches of 14 with SigLIP's vocabulary.
constexpr Index siglip_image_size(Index grid, Index patch, Index stated, Index vocabulary) {
  if (stated > 0 && stated / patch == grid) return stated;
  return grid == 27 && patch == 14 && vocabulary == 32000 ? 384 : grid * patch;
}

}  // namespace detail

CLIP_HOST SiglipVitConfig Description<SiglipVitConfig>::read(JsonReader& image) {
  SiglipVitConfig c = empty();
  c.image_size = image.extent("image_size", largest_image_size);
  c.patch_size = image.extent("patch_size", largest_image_size);
  c = read_transformer(image, c);
  c.preprocessing = read_preprocessing(image, c.preprocessing);
  return c;
}

CLIP_HOST JsonTree Description<SiglipVitConfig>::write(const SiglipVitConfig& c) {
  JsonTree image = transformer_to_json(c);
  image["kind"] = std::string(kind);
  image["patch_size"] = c.patch_size;
  image["image_size"] = c.image_size;
  write_preprocessing(image, c.preprocessing);
  return image;
}

CLIP_HOST bool Description<SiglipVitConfig>::recognises(const JsonReader& image) { return image.says("kind", kind); }

CLIP_HOST bool Description<SiglipVitConfig>::recognises(const ShapeReader& shape) {
  return shape.has("visual.attn_pool.probe") && !shape.has("visual.class_embedding") &&
         !shape.has("visual.trunk.cls_token");
}

CLIP_HOST bool Description<SiglipVitConfig>::recognises_openclip(const JsonReader& image) {
  for (const detail::TimmSiglip& known : detail::timm_siglips)
    if (image.says("timm_model_name", known.name)) return true;
  return false;
}

CLIP_HOST SiglipVitConfig Description<SiglipVitConfig>::read_openclip(JsonReader& image, Activation) {
  SiglipVitConfig c = empty();
  const std::string name = image.text("timm_model_name");
  for (const detail::TimmSiglip& known : detail::timm_siglips)
    if (known.name == name)
      c = {.image_size = known.image_size,
           .patch_size = known.patch_size,
           .width = known.width,
           .layers = known.layers,
           .heads = known.heads,
           .activation = known.activation,
           .epsilon = 1e-6f,
           .mlp_width = known.hidden == 4 * known.width ? 0 : known.hidden};
  if (image.may_have("image_size")) c.image_size = image.extent("image_size", largest_image_size);
  static_cast<void>(image.may_have("timm_model_pretrained"));
  if (image.may_have("timm_pool") && !image.says("timm_pool", "map")) image.problem("timm_pool", "expected map");
  if (image.may_have("timm_proj") && !image.says("timm_proj", "none")) image.problem("timm_proj", "expected none");
  return c;
}

CLIP_HOST Result<JsonTree> Description<SiglipVitConfig>::try_write_openclip(const SiglipVitConfig& c,
                                                                            const std::string& place) {
  const detail::TimmSiglip* const known = detail::timm_siglip_of(c);
  if (known == nullptr || c.epsilon.value != 1e-6f)
    return OptionError{place, "image tower in OpenCLIP's description", "sizes and epsilon of a SigLIP of timm",
                       in_words(c)};
  return json_object("image_size", c.image_size, "timm_model_name", std::string(known->name), "timm_model_pretrained",
                     false, "timm_pool", "map", "timm_proj", "none");
}

CLIP_HOST Result<JsonTree> Description<SiglipVitConfig>::try_write_huggingface(const SiglipVitConfig& c, Index,
                                                                               const std::string&) {
  JsonTree vision = huggingface_transformer(c);
  vision.put("model_type", "siglip_vision_model", "image_size", c.image_size, "patch_size", c.patch_size,
             "num_channels", c.channels);
  return vision;
}

CLIP_HOST NameTable Description<SiglipVitConfig>::names(Dialect dialect) {
  if (dialect == Dialect::big_vision)
    return {
        .dialect = dialect, .prefix = "img.Transformer.encoderblock_", .rules = detail::siglip_vit_big_vision_names};
  if (dialect == Dialect::openai || is_closed(dialect)) return {.dialect = dialect};
  if (dialect == Dialect::openclip)
    return {.dialect = dialect,
            .prefix = "visual.trunk.",
            .rules = detail::siglip_vit_timm_names,
            .signs = detail::siglip_vit_timm_signs};
  return {.dialect = dialect,
          .prefix = "vision_model.",
          .rules = detail::siglip_vit_huggingface_names,
          .dropped = "vision_model.embeddings.position_ids",
          .signs = detail::siglip_vit_huggingface_signs};
}

/// Its features are as wide as the tower.
CLIP_HOST Index Description<SiglipVitConfig>::embed_dim(ShapeReader& shape) {
  return shape("visual.attn_pool.probe", 3, 2);
}

CLIP_HOST SiglipVitConfig Description<SiglipVitConfig>::infer(ShapeReader& shape, const TowerStatement& stated,
                                                              const TowerStatement& assumed) {
  SiglipVitConfig c = empty();
  const Index positions = shape("visual.positional_embedding", 2, 0);
  shape("visual.attn_pool.probe", 3, 2);
  c.width = shape("visual.conv1.weight", 4, 0);
  c.patch_size = shape("visual.conv1.weight", 4, 3);
  c.layers = shape.count_blocks("visual.transformer.resblocks.", "attn.in_proj_weight");
  const Index hidden = shape("visual.transformer.resblocks.0.mlp.c_fc.weight", 2, 0);
  if (!shape.problems().empty()) return c;
  const Index vocabulary = shape.has("token_embedding.weight") ? shape("token_embedding.weight", 2, 0) : 0;
  const Index grid = shape.grid("visual.positional_embedding", positions, 0);
  c.image_size = detail::siglip_image_size(grid, c.patch_size, stated.image_size, vocabulary);
  c.mlp_width = hidden == 4 * c.width ? 0 : hidden;
  const bool sixteen = assumed.heads == 0 && detail::siglip_has_sixteen_heads(c.width);
  c.heads = infer_heads(c.width, stated.heads, sixteen ? 16 : assumed.heads);
  c.activation = stated.activation.value_or(assumed.activation.value_or(Activation::gelu_tanh));
  c.epsilon = stated.epsilon.value_or(c.epsilon);
  return c;
}

CLIP_HOST std::optional<Activation> Description<SiglipVitConfig>::activation_by_naming(Dialect dialect,
                                                                                       const SiglipVitConfig& c) {
  if (dialect == Dialect::huggingface || dialect == Dialect::big_vision) return Activation::gelu_tanh;
  const detail::TimmSiglip* const known = dialect == Dialect::openclip ? detail::timm_siglip_sized(c) : nullptr;
  return known == nullptr ? std::nullopt : std::optional{known->activation};
}

CLIP_HOST double Description<SiglipVitConfig>::count_values(const SiglipVitConfig& c, Index) {
  const double w = static_cast<double>(c.width);
  return w * static_cast<double>(c.patch_values() + 2 + c.tokens()) + 2 * w +
         values_of_blocks(c.layers, c.width, c.hidden()) + values_of_blocks(1, c.width, c.hidden()) - 2 * w;
}

CLIP_HOST std::string Description<SiglipVitConfig>::in_words(const SiglipVitConfig& c) {
  return "patch " + std::to_string(c.patch_size) + ", width " + std::to_string(c.width) + ", layers " +
         std::to_string(c.layers) + ", heads " + std::to_string(c.heads) + ", " + std::string(name_of(c.activation));
}

}  // namespace clip::inline CLIP_ABI
