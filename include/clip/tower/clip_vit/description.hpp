// clip/tower/clip_vit/description.hpp: OpenAI's vision transformer in files: JSON, tensor names, inference from shapes.
#pragma once

#include <clip/tower/clip_vit/openai.hpp>
#include <clip/tower/clip_vit/openclip.hpp>
#include <clip/tower/counting.hpp>
#include <clip/tower/description.hpp>
#include <clip/tower/json_fields.hpp>

#include <array>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

namespace detail {

/// OpenAI's names and those of transformers' CLIPModel ("pre_layrnorm" is its spelling).
inline constexpr std::array<NameRule, 13> vit_huggingface_names{{
    {"visual.class_embedding", "vision_model.embeddings.class_embedding"},
    {"visual.conv1.weight", "vision_model.embeddings.patch_embedding.weight"},
    {"visual.positional_embedding", "vision_model.embeddings.position_embedding.weight"},
    {"visual.ln_pre.*", "vision_model.pre_layrnorm.*"},
    {"visual.ln_post.*", "vision_model.post_layernorm.*"},
    {"visual.proj", "visual_projection.weight", true},
    {"visual.transformer.resblocks.#.ln_1.*", "vision_model.encoder.layers.#.layer_norm1.*"},
    {"visual.transformer.resblocks.#.ln_2.*", "vision_model.encoder.layers.#.layer_norm2.*"},
    {"visual.transformer.resblocks.#.attn.in_proj_weight", "vision_model.encoder.layers.#.self_attn.@_proj.weight"},
    {"visual.transformer.resblocks.#.attn.in_proj_bias", "vision_model.encoder.layers.#.self_attn.@_proj.bias"},
    {"visual.transformer.resblocks.#.attn.out_proj.*", "vision_model.encoder.layers.#.self_attn.out_proj.*"},
    {"visual.transformer.resblocks.#.mlp.c_fc.*", "vision_model.encoder.layers.#.mlp.fc1.*"},
    {"visual.transformer.resblocks.#.mlp.c_proj.*", "vision_model.encoder.layers.#.mlp.fc2.*"},
}};

/// The image towers of OpenCLIP's ViT-H, ViT-g and ViT-bigG have 16 heads, whatever their width.
constexpr bool has_sixteen_heads(Index width, Index layers) {
  return (width == 1280 && layers == 32) || (width == 1408 && layers == 40) || (width == 1664 && layers == 48);
}

}  // namespace detail

template <>
struct Description<VitConfig> : DescriptionDefaults {
  static constexpr std::string_view kind = "vit";
  static constexpr std::string_view words = "a vision transformer";

  // Our own JSON. The two image families of OpenAI's CLIP write no "kind": "layers" is a number here and an array in
  // ResNets.
  static bool recognises(const JsonReader& image) {
    return image.says("kind", kind) || (!image.has("kind") && !image.holds_array("layers"));
  }
  static VitConfig read(JsonReader& image) {
    VitConfig c = ViT_B_32.image;
    c.mlp_width = 0;
    c.image_size = image.integer("image_size", 1);
    c.patch_size = image.integer("patch_size", 1);
    c = read_transformer(image, c);
    c.preprocessing = read_preprocessing(image);
    return c;
  }
  static Json write(const VitConfig& c) {
    Json image = transformer_to_json(c);
    image["patch_size"] = c.patch_size;
    image["image_size"] = c.image_size;
    write_preprocessing(image, c.preprocessing);
    return image;
  }

  static bool recognises_openclip(const JsonReader& image) { return !image.holds_array("layers"); }
  static VitConfig read_openclip(JsonReader& image, Activation activation) {
    const Index image_size = image.integer("image_size", 1), width = image.integer("width", 1);
    const Index head_width = image.may_have("head_width") ? image.integer("head_width", 1) : 64;
    VitConfig c{.image_size = image_size,
                .patch_size = image.integer("patch_size", 1),
                .width = width,
                .layers = image.integer("layers", 1),
                .heads = head_width > 0 ? width / head_width : 0,
                .activation = activation,
                .epsilon = 1e-5f};
    c.mlp_width = read_mlp_ratio(image, width);
    return c;
  }
  static Result<Json> try_write_openclip(const VitConfig& c, const std::string& place) {
    if (c.width % (c.width / c.heads) != 0) return OptionError{place, "heads must divide the width"};
    Json vision{{"image_size", c.image_size},
                {"layers", c.layers},
                {"width", c.width},
                {"head_width", c.width / c.heads},
                {"patch_size", c.patch_size}};
    if (c.hidden() != 4 * c.width) vision["mlp_ratio"] = mlp_ratio(c.width, c.hidden());
    return vision;
  }

  static Result<Json> try_write_huggingface(const VitConfig& c, Index embed_dim, const std::string&) {
    Json vision = huggingface_transformer(c, embed_dim);
    vision.update({{"model_type", "clip_vision_model"},
                   {"image_size", c.image_size},
                   {"patch_size", c.patch_size},
                   {"num_channels", c.channels}});
    return vision;
  }

  static NameTable names(Dialect dialect) {
    if (dialect != Dialect::huggingface) return {.dialect = dialect};
    return {.dialect = dialect,
            .prefix = "vision_model.",
            .rules = detail::vit_huggingface_names,
            .dropped = "vision_model.embeddings.position_ids"};
  }
  static bool recognises(const ShapeReader& shape) { return shape.has("visual.class_embedding"); }
  static VitConfig infer(ShapeReader& shape, const TowerStatement& stated, const TowerStatement& assumed) {
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
  static double count_values(const VitConfig& c, Index embed_dim) {
    const double w = static_cast<double>(c.width);
    return w * static_cast<double>(c.patch_values() + 1 + c.tokens()) + 4 * w +
           values_of_blocks(c.layers, c.width, c.hidden()) + w * static_cast<double>(embed_dim);
  }

  static TowerStatement state(const VitConfig& c) { return state_transformer(c); }
  static void apply(VitConfig& c, const TowerStatement& stated) { apply_to_transformer(c, stated); }
  static std::string in_words(const VitConfig& c) {
    return "patch " + std::to_string(c.patch_size) + ", width " + std::to_string(c.width) + ", layers " +
           std::to_string(c.layers) + ", heads " + std::to_string(c.heads) + ", " + std::string(name_of(c.activation));
  }
  static constexpr double count_flops(const VitConfig& c, Index embed_dim) {
    return flops_of_product(c.tokens() - 1, c.patch_values(), c.width) +
           static_cast<double>(c.layers) * flops_of_block(c.block(), c.tokens()) +
           flops_of_product(1, c.width, embed_dim);
  }

  using Published = NamedVariant<VitClipConfig>;
  static constexpr std::array<Published, 25> published{{
      {"ViT-B/32", "clip::ViT_B_32", ViT_B_32},
      {"ViT-B/16", "clip::ViT_B_16", ViT_B_16},
      {"ViT-L/14", "clip::ViT_L_14", ViT_L_14},
      {"ViT-L/14@336px", "clip::ViT_L_14_336px", ViT_L_14_336px},
      {"laion/ViT-B-32", "clip::laion::ViT_B_32", laion::ViT_B_32},
      {"laion/ViT-B-16", "clip::laion::ViT_B_16", laion::ViT_B_16},
      {"laion/ViT-L-14", "clip::laion::ViT_L_14", laion::ViT_L_14},
      {"laion/ViT-L-14-336", "clip::laion::ViT_L_14_336", laion::ViT_L_14_336},
      {"laion/ViT-H-14", "clip::laion::ViT_H_14", laion::ViT_H_14},
      {"laion/ViT-g-14", "clip::laion::ViT_g_14", laion::ViT_g_14},
      {"laion/ViT-bigG-14", "clip::laion::ViT_bigG_14", laion::ViT_bigG_14},
      {"laion400m/ViT-B-32", "clip::laion400m::ViT_B_32", laion400m::ViT_B_32},
      {"laion400m/ViT-B-16", "clip::laion400m::ViT_B_16", laion400m::ViT_B_16},
      {"laion400m/ViT-L-14", "clip::laion400m::ViT_L_14", laion400m::ViT_L_14},
      {"datacomp/ViT-B-32", "clip::datacomp::ViT_B_32", datacomp::ViT_B_32},
      {"datacomp/ViT-B-16", "clip::datacomp::ViT_B_16", datacomp::ViT_B_16},
      {"datacomp/ViT-L-14", "clip::datacomp::ViT_L_14", datacomp::ViT_L_14},
      {"metaclip/ViT-B-32", "clip::metaclip::ViT_B_32", metaclip::ViT_B_32},
      {"metaclip/ViT-B-16", "clip::metaclip::ViT_B_16", metaclip::ViT_B_16},
      {"metaclip/ViT-L-14", "clip::metaclip::ViT_L_14", metaclip::ViT_L_14},
      {"metaclip/ViT-H-14", "clip::metaclip::ViT_H_14", metaclip::ViT_H_14},
      {"dfn/ViT-B-16", "clip::dfn::ViT_B_16", dfn::ViT_B_16},
      {"dfn/ViT-L-14", "clip::dfn::ViT_L_14", dfn::ViT_L_14},
      {"dfn/ViT-H-14", "clip::dfn::ViT_H_14", dfn::ViT_H_14},
      {"dfn/ViT-H-14-378", "clip::dfn::ViT_H_14_378", dfn::ViT_H_14_378},
  }};
};

}  // namespace clip::inline CLIP_ABI
