// clip/tower/conv_vit/description.inl.hpp: definitions of clip/tower/conv_vit/description.hpp.
#pragma once

#include <clip/config/bounds.hpp>
#include <clip/io/json.hpp>
#include <clip/io/json_reader.hpp>
#include <clip/names/shape_reader.hpp>
#include <clip/tower/clip_text/openclip_names.hpp>
#include <clip/tower/conv_vit/description.hpp>
#include <clip/tower/json_fields.hpp>
#include <clip/tower/transformer_names.hpp>

#include <array>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

namespace detail {

/// The architecture of timm with this tower, as OpenCLIP's timm_model_name states it.
inline constexpr std::string_view timm_conv_vit = "vit_base_mci_224";

/// Apple's name of the architecture in its configurations.
inline constexpr std::string_view apple_conv_vit = "vit_b16";

/// Our names and those of timm's vision transformer as OpenCLIP's image tower, beside OpenCLIP's text tower.
inline constexpr auto conv_vit_timm_names = joined(
    joined(vision_timm_names,
           std::array<NameRule, 4>{{{"visual.stem.#.conv.weight", "visual.trunk.patch_embed.backbone.#.conv.weight"},
                                    {"visual.stem.#.conv.bias", "visual.trunk.patch_embed.backbone.#.conv.bias"},
                                    {"visual.stem.0.bn.*", "visual.trunk.patch_embed.backbone.0.bn.*"},
                                    {"visual.stem.1.bn.*", "visual.trunk.patch_embed.backbone.1.bn.*"}}}),
    clip_text_apart_names);

/// Our names and those of Apple's repository, which has a raw projection and no bias of it.
inline constexpr std::array<NameRule, 15> conv_vit_apple_names{{
    {"visual.class_embedding", "image_encoder.model.cls_token", false, 2},
    {"visual.positional_embedding", "image_encoder.model.pos_embed.pos_embed.pos_embed", false, 2},
    {"visual.stem.#.conv.weight", "image_encoder.model.patch_emb.#.block.conv.weight"},
    {"visual.stem.#.conv.bias", "image_encoder.model.patch_emb.#.block.conv.bias"},
    {"visual.stem.0.bn.*", "image_encoder.model.patch_emb.0.block.norm.*"},
    {"visual.stem.1.bn.*", "image_encoder.model.patch_emb.1.block.norm.*"},
    {"visual.ln_post.*", "image_encoder.model.post_transformer_norm.*"},
    {"visual.proj.weight", "image_encoder.model.classifier.proj", true},
    {"visual.transformer.resblocks.#.ln_1.*", "image_encoder.model.transformer.#.pre_norm_mha.0.*"},
    {"visual.transformer.resblocks.#.attn.in_proj_weight",
     "image_encoder.model.transformer.#.pre_norm_mha.1.qkv_proj.weight"},
    {"visual.transformer.resblocks.#.attn.in_proj_bias",
     "image_encoder.model.transformer.#.pre_norm_mha.1.qkv_proj.bias"},
    {"visual.transformer.resblocks.#.attn.out_proj.*", "image_encoder.model.transformer.#.pre_norm_mha.1.out_proj.*"},
    {"visual.transformer.resblocks.#.ln_2.*", "image_encoder.model.transformer.#.pre_norm_ffn.0.*"},
    {"visual.transformer.resblocks.#.mlp.c_fc.*", "image_encoder.model.transformer.#.pre_norm_ffn.1.*"},
    {"visual.transformer.resblocks.#.mlp.c_proj.*", "image_encoder.model.transformer.#.pre_norm_ffn.4.*"},
}};

/// Only this tower has such a stem.
inline constexpr std::array<NameRule, 1> conv_vit_timm_signs{
    {{"visual.stem.0.conv.weight", "visual.trunk.patch_embed.backbone.0.conv.weight"}}};
inline constexpr std::array<NameRule, 1> conv_vit_apple_signs{
    {{"visual.stem.0.conv.weight", "image_encoder.model.patch_emb.0.block.conv.weight"}}};
inline constexpr std::array<std::string_view, 1> conv_vit_only_names{"visual.stem."};

/// What the implementation with a file's names computes with. Ours are no implementation's.
constexpr std::optional<Index> stem_padding_by_naming(Dialect dialect) {
  if (dialect == Dialect::apple) return 1;
  return dialect == Dialect::openclip ? std::optional<Index>{0} : std::nullopt;
}
constexpr float conv_vit_epsilon(Index stem_padding) { return stem_padding == 1 ? 1e-5f : 1e-6f; }
constexpr ConvVitConfig as_apple_computes(ConvVitConfig c) {
  c.stem_padding = 1;
  c.epsilon = conv_vit_epsilon(1);
  return c;
}

}  // namespace detail

CLIP_HOST bool Description<ConvVitConfig>::recognises(const JsonReader& image) { return image.says("kind", kind); }

CLIP_HOST ConvVitConfig Description<ConvVitConfig>::read(JsonReader& image) {
  ConvVitConfig c = mobileclip::B.image;
  c.image_size = image.extent("image_size", largest_image_size);
  c = read_transformer(image, c);
  c.stem_padding = image.integer("stem_padding", 0);
  c.preprocessing = read_preprocessing(image, c.preprocessing);
  return c;
}

CLIP_HOST JsonTree Description<ConvVitConfig>::write(const ConvVitConfig& c) {
  JsonTree image = transformer_to_json(c);
  image["kind"] = std::string(kind);
  image["image_size"] = c.image_size;
  image["stem_padding"] = c.stem_padding.value;
  write_preprocessing(image, c.preprocessing);
  return image;
}

CLIP_HOST bool Description<ConvVitConfig>::recognises_openclip(const JsonReader& image) {
  return image.says("timm_model_name", detail::timm_conv_vit);
}

CLIP_HOST ConvVitConfig Description<ConvVitConfig>::read_openclip(JsonReader& image, Activation) {
  ConvVitConfig c = mobileclip::B.image;
  if (image.may_have("image_size")) c.image_size = image.extent("image_size", largest_image_size);
  read_timm_keys(image, "token");
  return c;
}

CLIP_HOST Result<JsonTree> Description<ConvVitConfig>::try_write_openclip(const ConvVitConfig& c,
                                                                          const std::string& place) {
  ConvVitConfig known = mobileclip::B.image;
  known.image_size = c.image_size;
  known.preprocessing = c.preprocessing;
  if (c == known) return timm_keys(detail::timm_conv_vit, c.image_size, "token");
  if (c.stem_padding.value != known.stem_padding.value)
    return OptionError{place, "padding of the stem in OpenCLIP's description", "0, which timm computes with",
                       std::to_string(c.stem_padding.value)};
  return OptionError{place, "image tower in OpenCLIP's description",
                     "the sizes of timm's " + std::string(detail::timm_conv_vit), in_words(c)};
}

CLIP_HOST bool Description<ConvVitConfig>::recognises_apple(const JsonReader& image) {
  return image.says("model_name", detail::apple_conv_vit);
}

CLIP_HOST ConvVitConfig Description<ConvVitConfig>::read_apple(JsonReader& image) {
  ConvVitConfig c = detail::as_apple_computes(mobileclip::B.image);
  static_cast<void>(image.may_have("model_name"));
  c.image_size = image.extent("image_size", largest_image_size);
  return c;
}

CLIP_HOST Result<JsonTree> Description<ConvVitConfig>::try_write_apple(const ConvVitConfig& c,
                                                                       const std::string& place) {
  ConvVitConfig known = detail::as_apple_computes(mobileclip::B.image);
  known.image_size = c.image_size;
  known.preprocessing = c.preprocessing;
  if (c == known) return json_object("image_size", c.image_size, "model_name", std::string(detail::apple_conv_vit));
  if (c.stem_padding.value != known.stem_padding.value)
    return OptionError{place, "padding of the stem in Apple's description", "1, which Apple's code computes with",
                       std::to_string(c.stem_padding.value)};
  return OptionError{place, "image tower in Apple's description",
                     "the sizes of " + std::string(detail::apple_conv_vit) + ", epsilon 1e-05", in_words(c)};
}

CLIP_HOST Result<JsonTree> Description<ConvVitConfig>::try_write_huggingface(const ConvVitConfig&, Index,
                                                                             const std::string& place) {
  return OptionError{place, "dialect for MobileCLIP", "openai or openclip",
                     "huggingface: transformers has no such CLIP"};
}

CLIP_HOST NameTable Description<ConvVitConfig>::names(Dialect dialect) {
  if (dialect == Dialect::openclip)  // the text tower is a module of its own
    return {.dialect = dialect,
            .prefix = "visual.trunk.",
            .rules = detail::conv_vit_timm_names,
            .signs = detail::conv_vit_timm_signs};
  if (dialect == Dialect::apple)
    return {.dialect = dialect,
            .prefix = "image_encoder.model.",
            .rules = detail::conv_vit_apple_names,
            .signs = detail::conv_vit_apple_signs,
            .zero = {"visual.proj.bias", "visual.proj.weight"}};
  if (dialect == Dialect::huggingface)
    return {.dialect = dialect,
            .refused = detail::conv_vit_only_names,
            .tower = "a vision transformer with a convolutional stem"};
  return {.dialect = dialect};
}

CLIP_HOST bool Description<ConvVitConfig>::recognises(const ShapeReader& shape) {
  return shape.has("visual.stem.0.conv.weight");
}

CLIP_HOST Index Description<ConvVitConfig>::embed_dim(ShapeReader& shape) { return shape("visual.proj.weight", 2, 0); }

CLIP_HOST ConvVitConfig Description<ConvVitConfig>::infer(ShapeReader& shape, const TowerStatement& stated,
                                                          const TowerStatement& assumed) {
  ConvVitConfig c = mobileclip::B.image;
  const Index positions = shape("visual.positional_embedding", 2, 0);
  shape("visual.proj.weight", 2, 0);
  shape("visual.stem.0.conv.weight", 4, 0);
  c.width = shape("visual.stem.2.conv.weight", 4, 0);
  c.layers = shape.count_blocks("visual.transformer.resblocks.", "attn.in_proj_weight");
  const Index hidden = shape("visual.transformer.resblocks.0.mlp.c_fc.weight", 2, 0);
  if (!shape.problems().empty()) return c;
  c.image_size = shape.grid("visual.positional_embedding", positions, 0) * ConvVitConfig::patch_size;
  c.mlp_width = hidden == 4 * c.width ? 0 : hidden;
  c.heads = infer_heads(c.width, stated.heads, assumed.heads);
  c.activation = stated.activation.value_or(assumed.activation.value_or(Activation::gelu));
  auto padding = stated.stem_padding ? stated.stem_padding : assumed.stem_padding;
  if (!padding) padding = detail::stem_padding_by_naming(shape.dialect());
  if (padding) c.stem_padding = *padding;
  else
    shape.undecided(
        "does not state the padding of its stem: 1 pixel in Apple's code, 0 in timm's, for other features; assume one: "
        "{.stem_padding = …}");
  c.epsilon = stated.epsilon.value_or(detail::conv_vit_epsilon(c.stem_padding));
  return c;
}

CLIP_HOST std::optional<Activation> Description<ConvVitConfig>::activation_by_naming(Dialect dialect,
                                                                                     const ConvVitConfig&) {
  return detail::stem_padding_by_naming(dialect) ? std::optional{Activation::gelu} : std::nullopt;
}

CLIP_HOST double Description<ConvVitConfig>::count_values(const ConvVitConfig& c, Index embed_dim) {
  const double w = static_cast<double>(c.width), stem = static_cast<double>(c.stem_width());
  return w * static_cast<double>(c.tokens()) + stem * (48 + 4 * stem + 4 * w) + w + 2 * w +
         values_of_blocks(c.layers, c.width, c.hidden()) + w * static_cast<double>(embed_dim);
}

CLIP_HOST TowerStatement Description<ConvVitConfig>::state(const ConvVitConfig& c) {
  TowerStatement stated = state_transformer(c);
  stated.stem_padding = c.stem_padding;
  return stated;
}

CLIP_HOST void Description<ConvVitConfig>::as_published(ConvVitConfig& c) {
  if (c.stem_padding.value != 1 || c.epsilon.value != detail::conv_vit_epsilon(1)) return;  // as Apple's code has both
  c.stem_padding = 0;
  c.epsilon = detail::conv_vit_epsilon(0);
}

CLIP_HOST std::string Description<ConvVitConfig>::in_words(const ConvVitConfig& c) {
  return "width " + std::to_string(c.width) + ", layers " + std::to_string(c.layers) + ", heads " +
         std::to_string(c.heads) + ", " + std::string(name_of(c.activation)) + ", stem padding " +
         std::to_string(c.stem_padding.value);
}

}  // namespace clip::inline CLIP_ABI
