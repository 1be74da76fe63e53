// clip/tower/clip_vit/description.inl.hpp: definitions of clip/tower/clip_vit/description.hpp.
#pragma once

#include <clip/config/bounds.hpp>
#include <clip/io/json.hpp>
#include <clip/io/json_reader.hpp>
#include <clip/names/shape_reader.hpp>
#include <clip/tower/clip_text/openclip_names.hpp>
#include <clip/tower/clip_vit/description.hpp>
#include <clip/tower/clip_vit/tinyclip_names.hpp>
#include <clip/tower/infer_pruned.hpp>
#include <clip/tower/json_fields.hpp>
#include <clip/tower/transformer_names.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {

/// OpenAI's names and those of transformers' CLIPModel ("pre_layrnorm" is its spelling).
inline constexpr auto vit_huggingface_names =
    joined(vision_huggingface_names,
           std::array<NameRule, 3>{{{"visual.class_embedding", "vision_model.embeddings.class_embedding"},
                                    {"visual.ln_pre.*", "vision_model.pre_layrnorm.*"},
                                    {"visual.proj", "visual_projection.weight", true}}});

/// OpenAI's names and those of timm's vision transformer as OpenCLIP's image tower, beside OpenCLIP's text tower.
inline constexpr auto vit_timm_names = joined(
    joined(vision_timm_names, std::array<NameRule, 2>{{{"visual.conv1.weight", "visual.trunk.patch_embed.proj.weight"},
                                                       {"visual.ln_pre.*", "visual.trunk.norm_pre.*"}}}),
    clip_text_apart_names);

/// A bias of the projection makes it timm's form when it is written. When it is read, timm's towers without the first
/// norm are others.
inline constexpr std::array<NameRule, 1> vit_timm_signs{{{"visual.proj.bias", "visual.trunk.norm_pre.weight"}}};
inline constexpr std::array<std::string_view, 2> vit_refused_names{"visual.proj.", "visual.transformer.between."};

/// Names that no other dialect has.
inline constexpr std::array<std::string_view, 3> pos_cnn_names{"visual.transformer.between.#.proj.0.*",
                                                               "visual.transformer.between.#.mlp.#.*",
                                                               "visual.transformer.between.#.ln_1.*"};

/// The names of a plain tower of timm's with OpenCLIP's linear head; a text tower of transformers stands beside it.
inline constexpr auto vit_plain_names =
    joined(vision_timm_names, std::array<NameRule, 2>{{{"visual.conv1.*", "visual.trunk.patch_embed.proj.*"},
                                                       {"visual.proj", "visual.head.proj.weight", true}}});
inline constexpr std::array<NameRule, 1> vit_plain_signs{{{"visual.conv1.bias", "visual.head.proj.weight"}}};
inline constexpr std::string_view timm_plain_vit = "vit_base_patch16_224";

/// The architecture of timm with this tower, as OpenCLIP's timm_model_name states it.
inline constexpr std::string_view timm_vit = "vit_large_patch14_clip_224";

/// The image towers of OpenCLIP's ViT-H, ViT-g and ViT-bigG have 16 heads, whatever their width.
constexpr bool has_sixteen_heads(Index width, Index layers) {
  return (width == 1280 && layers == 32) || (width == 1408 && layers == 40) || (width == 1664 && layers == 48);
}

/// The keys pos_cnn_after, the blocks that modules follow, pos_cnn_strides, and pos_cnn_final_ln if it is false.
CLIP_HOST void read_pos_cnn(JsonReader& image, VitConfig& c) {
  if (!image.may_have("pos_cnn_after")) return;
  const auto after = image.numbers("pos_cnn_after"), strides = image.numbers("pos_cnn_strides");
  if (strides.size() != after.size())
    return image.problem("pos_cnn_strides", "expected " + std::to_string(after.size()) + " strides");
  for (std::size_t i = 0; i < after.size(); ++i) {
    const bool placed = after[i] >= 0 && after[i] < static_cast<double>(most_pos_cnn_places);
    if (!placed) return image.problem("pos_cnn_after", "expected blocks of 0 ... 63");
    if (strides[i] != 1 && strides[i] != 2) return image.problem("pos_cnn_strides", "expected strides of 1 or 2");
    c.pos_cnn.strides[static_cast<std::size_t>(after[i])] = static_cast<std::int8_t>(strides[i]);
  }
  if (image.may_have("pos_cnn_final_ln")) c.pos_cnn.final_ln = image.flag("pos_cnn_final_ln");
}

CLIP_HOST void write_pos_cnn(Json& image, const PosCnnConfig& c) {
  JsonTree after{Json::array()}, strides{Json::array()};
  for (Index i = 0; i <= c.last(); ++i)
    if (c.stride(i) != 0) {
      after->push_back(i);
      strides->push_back(c.stride(i));
    }
  put_fields(image, "pos_cnn_after", after, "pos_cnn_strides", strides);
  if (!c.final_ln) image["pos_cnn_final_ln"] = false;
}

/// The error about a description of another library for a tower with PosCNNs.
inline Error pos_cnn_error(const std::string& place, const std::string& dialect) {
  return OptionError{place, "dialect for an image tower with PosCNNs between its blocks", "openai, or a single file",
                     dialect};
}

/// Sets the places of PosCNNs, which the names of tensors tell, and their strides, which only a statement tells.
CLIP_HOST void infer_pos_cnn(ShapeReader& shape, VitConfig& c, const std::optional<PosCnnConfig>& stated) {
  const std::string prefix = "visual.transformer.between.";
  PosCnnConfig found;
  for (std::size_t i = 0; i < most_pos_cnn_places; ++i) {
    const std::string module = prefix + std::to_string(i) + ".";
    if (!shape.has(module + "proj.0.weight")) continue;
    const Index stride = stated ? stated->strides[i] : 0;
    if (stride == 0)
      shape.undecided(module +
                      "proj.0.weight is of a PosCNN, whose stride no shape tells and the file does not state: "
                      "load it into a model whose configuration has it");
    found.strides[i] = static_cast<std::int8_t>(stride == 0 ? 2 : stride);
    found.final_ln = shape.has(module + "ln_1.weight");
  }
  c.pos_cnn = found;
}

}  // namespace detail

CLIP_HOST VitConfig Description<VitConfig>::read(JsonReader& image) {
  VitConfig c = ViT_B_32.image;
  c.mlp_width = 0;
  c.image_size = image.extent("image_size", largest_image_size);
  c.patch_size = image.extent("patch_size", largest_image_size);
  c = read_transformer(image, c);
  read_pruned_blocks(image, c);
  if (image.may_have("projection_bias")) c.projection_bias = image.flag("projection_bias");
  if (image.may_have("mean_pooled")) c.mean_pooled = image.flag("mean_pooled");
  if (image.may_have("plain")) c.plain = image.flag("plain");
  detail::read_pos_cnn(image, c);
  c.preprocessing = read_preprocessing(image);
  return c;
}

CLIP_HOST JsonTree Description<VitConfig>::write(const VitConfig& c) {
  JsonTree image = transformer_to_json(c);
  image["patch_size"] = c.patch_size;
  image["image_size"] = c.image_size;
  if (c.projection_bias) image["projection_bias"] = true;
  if (c.mean_pooled) image["mean_pooled"] = true;
  if (c.plain) image["plain"] = true;
  write_pruned_blocks(image, c);
  if (c.pos_cnn) detail::write_pos_cnn(image, c.pos_cnn);
  write_preprocessing(image, c.preprocessing);
  return image;
}

CLIP_HOST bool Description<VitConfig>::recognises(const JsonReader& image) {
  return image.says("kind", kind) || (!image.has("kind") && !image.holds_array("layers"));
}

CLIP_HOST bool Description<VitConfig>::recognises(const ShapeReader& shape) {
  return shape.has("visual.class_embedding") && !shape.has("visual.stem.0.conv.weight");
}

CLIP_HOST bool Description<VitConfig>::recognises_openclip(const JsonReader& image) {
  return (!image.holds_array("layers") && !image.has("timm_model_name")) ||
         image.says("timm_model_name", detail::timm_vit) || image.says("timm_model_name", detail::timm_plain_vit);
}

CLIP_HOST VitConfig Description<VitConfig>::read_openclip(JsonReader& image, Activation activation) {
  if (image.says("timm_model_name", detail::timm_plain_vit)) {
    VitConfig c = timm_ViT_B_16;
    if (image.may_have("image_size")) c.image_size = image.extent("image_size", largest_image_size);
    if (!image.says("timm_proj", "linear")) image.problem("timm_proj", "expected linear");
    read_timm_keys(image, image.says("timm_pool", "") ? "" : "token");
    return c;
  }
  if (image.has("timm_model_name")) {
    VitConfig c = mobileclip2::L_14.image;
    if (image.may_have("image_size")) c.image_size = image.extent("image_size", largest_image_size);
    read_timm_keys(image, "token");
    return c;
  }
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
  if (image.may_have("no_ln_pre")) c.mean_pooled = image.flag("no_ln_pre");
  const bool averaged = image.may_have("pool_type") && image.says("pool_type", "avg");
  const bool after = image.may_have("final_ln_after_pool") && image.flag("final_ln_after_pool");
  const bool class_token = !image.has("pool_type") || image.says("pool_type", "tok");
  if (averaged != c.mean_pooled || after != c.mean_pooled || averaged == class_token)
    image.problem("pool_type", "expected avg, no_ln_pre and final_ln_after_pool together, or none of them");
  return c;
}

CLIP_HOST Result<JsonTree> Description<VitConfig>::try_write_openclip(const VitConfig& c, const std::string& place) {
  if (c.plain) {
    VitConfig known = timm_ViT_B_16;
    known.image_size = c.image_size;
    known.preprocessing = c.preprocessing;
    if (c != known)
      return OptionError{place, "image tower without ln_pre in OpenCLIP's description",
                         "the sizes of timm's " + std::string(detail::timm_plain_vit), in_words(c)};
    JsonTree vision = timm_keys(detail::timm_plain_vit, c.image_size, "");
    vision["timm_proj"] = "linear";
    return vision;
  }
  if (c.projection_bias) {
    VitConfig known = mobileclip2::L_14.image;
    known.image_size = c.image_size;
    known.preprocessing = c.preprocessing;
    if (c == known) return timm_keys(detail::timm_vit, c.image_size, "token");
    return OptionError{place, "image tower with a bias of the projection in OpenCLIP's description",
                       "the sizes of timm's " + std::string(detail::timm_vit), in_words(c)};
  }
  if (c.pruned) return pruned_error(place, "openclip");
  if (c.pos_cnn) return detail::pos_cnn_error(place, "openclip");
  if (c.width % (c.width / c.heads) != 0) return OptionError{place, "heads must divide the width"};
  JsonTree vision = json_object("image_size", c.image_size, "layers", c.layers, "width", c.width, "head_width",
                                c.width / c.heads, "patch_size", c.patch_size);
  if (c.hidden() != 4 * c.width) vision["mlp_ratio"] = mlp_ratio(c.width, c.hidden());
  if (c.mean_pooled) vision.put("no_ln_pre", true, "pool_type", "avg", "final_ln_after_pool", true);
  return vision;
}

CLIP_HOST Result<JsonTree> Description<VitConfig>::try_write_huggingface(const VitConfig& c, Index embed_dim,
                                                                         const std::string& place) {
  if (c.plain)
    return OptionError{place, "dialect for an image tower without ln_pre", "openai or openclip",
                       "huggingface: transformers has no such CLIP"};
  if (c.projection_bias || c.mean_pooled)
    return OptionError{place,
                       std::string("dialect for an image tower ") +
                           (c.mean_pooled ? "that pools the mean of its patches" : "with a bias of the projection"),
                       "openai or openclip", "huggingface: transformers has no such CLIP"};
  if (c.pruned) return pruned_error(place, "huggingface");
  if (c.pos_cnn) return detail::pos_cnn_error(place, "huggingface");
  JsonTree vision = huggingface_transformer(c, embed_dim);
  vision.put("model_type", "clip_vision_model", "image_size", c.image_size, "patch_size", c.patch_size, "num_channels",
             c.channels);
  return vision;
}

CLIP_HOST NameTable Description<VitConfig>::names(Dialect dialect) {
  if (dialect == Dialect::openclip)
    return {.dialect = dialect,
            .prefix = "visual.trunk.",
            .rules = detail::vit_timm_names,
            .signs = detail::vit_timm_signs};
  if (dialect == Dialect::tinyclip)
    return {.dialect = dialect, .prefix = "_image_encoder.", .rules = detail::vit_tinyclip_names};
  if (dialect != Dialect::huggingface) return {.dialect = dialect, .own = detail::pos_cnn_names};
  return {.dialect = dialect,
          .prefix = "vision_model.",
          .rules = detail::vit_huggingface_names,
          .dropped = "vision_model.embeddings.position_ids",
          .refused = detail::vit_refused_names,
          .tower = "an image tower with a bias of the projection or with PosCNNs",
          .needed = {"visual.class_embedding", "visual.ln_pre.weight"}};
}

CLIP_HOST std::vector<NameTable> Description<VitConfig>::more_names() {
  return {{.dialect = Dialect::openclip,
           .prefix = "visual.trunk.",
           .rules = detail::vit_plain_names,
           .signs = detail::vit_plain_signs}};
}

CLIP_HOST Index Description<VitConfig>::embed_dim(ShapeReader& shape) {
  return shape.has("visual.proj.weight") ? shape("visual.proj.weight", 2, 0) : shape("visual.proj", 2, 1);
}

CLIP_HOST VitConfig Description<VitConfig>::infer(ShapeReader& shape, const TowerStatement& stated,
                                                  const TowerStatement& assumed) {
  VitConfig c = ViT_B_32.image;
  const Index positions = shape("visual.positional_embedding", 2, 0);
  embed_dim(shape);
  if (shape.has("visual.attn_pool.probe")) shape.foreign("visual.attn_pool.probe besides a class token");
  c.projection_bias = shape.has("visual.proj.bias");
  c.plain = shape.has("visual.conv1.bias");
  if (c.plain && shape.has("visual.ln_pre.weight")) shape.foreign("visual.conv1.bias besides visual.ln_pre.weight");
  c.mean_pooled = !c.plain && !shape.has("visual.ln_pre.weight");
  c.width = shape("visual.conv1.weight", 4, 0);
  c.patch_size = shape("visual.conv1.weight", 4, 3);
  infer_blocks(shape, "visual.transformer.resblocks.", c);
  if (!shape.problems().empty()) return c;
  c.image_size = shape.grid("visual.positional_embedding", positions) * c.patch_size;
  const bool sixteen = assumed.heads == 0 && detail::has_sixteen_heads(c.width, c.layers);
  c.heads = infer_heads(c.width, stated.heads, sixteen ? 16 : assumed.heads);
  infer_pruned(shape, "visual.transformer.resblocks.", c, stated.head_width);
  detail::infer_pos_cnn(shape, c, stated.pos_cnn);
  c.activation = stated.activation.value_or(assumed.activation.value_or(Activation::quick_gelu));
  c.epsilon = stated.epsilon.value_or(c.plain ? timm_ViT_B_16.epsilon.value : c.epsilon.value);
  return c;
}

CLIP_HOST std::optional<Activation> Description<VitConfig>::activation_by_naming(Dialect dialect, const VitConfig& c) {
  const bool timm = dialect == Dialect::openclip && (c.projection_bias || c.plain);
  return timm || dialect == Dialect::tinyclip ? std::optional{Activation::gelu} : std::nullopt;
}

CLIP_HOST double Description<VitConfig>::count_values(const VitConfig& c, Index embed_dim) {
  const double w = static_cast<double>(c.width);
  return w * static_cast<double>(c.patch_values() + 1 + c.tokens()) +
         (c.plain         ? 3
          : c.mean_pooled ? 2
                          : 4) *
             w +
         sum_over_blocks(c, values_of_block) + w * static_cast<double>(embed_dim) +
         static_cast<double>(c.pos_cnn.count()) * values_of_pos_cnn(c.width, c.pos_cnn.final_ln);
}

CLIP_HOST std::string Description<VitConfig>::in_words(const VitConfig& c) {
  return "patch " + std::to_string(c.patch_size) + ", width " + std::to_string(c.width) + ", layers " +
         std::to_string(c.layers) + ", " + heads_in_words(c) + ", " + std::string(name_of(c.activation)) +
         (c.mean_pooled ? ", mean of the patches"
          : c.plain     ? ", without ln_pre"
                        : "") +
         (c.pos_cnn ? ", PosCNN " + clip::in_words(c.pos_cnn) : "");
}

}  // namespace clip::inline CLIP_ABI
