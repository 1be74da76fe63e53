// clip/tower/clip_resnet/description.inl.hpp: definitions of clip/tower/clip_resnet/description.hpp.
#pragma once

#include <clip/config/bounds.hpp>
#include <clip/io/json.hpp>
#include <clip/io/json_reader.hpp>
#include <clip/names/shape_reader.hpp>
#include <clip/tower/clip_resnet/description.hpp>
#include <clip/tower/clip_resnet/tinyclip_names.hpp>
#include <clip/tower/json_fields.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

namespace detail {

inline constexpr std::array<std::string_view, 2> resnet_only_names{"visual.layer1.", "visual.attnpool."};

/// All names of the tower, as patterns.
inline constexpr std::array<std::string_view, 8> resnet_names{"visual.conv#.weight",
                                                              "visual.bn#.*",
                                                              "visual.layer#.#.conv#.weight",
                                                              "visual.layer#.#.bn#.*",
                                                              "visual.layer#.#.downsample.#.*",
                                                              "visual.attnpool.positional_embedding",
                                                              "visual.attnpool.@_proj.*",
                                                              "visual.attnpool.c_proj.*"};

}  // namespace detail

CLIP_HOST ResNetConfig Description<ResNetConfig>::read(JsonReader& image) {
  ResNetConfig c{.image_size = image.extent("image_size", largest_image_size),
                 .layers = read_stages(image),
                 .width = image.extent("width", largest_extent)};
  c.preprocessing = read_preprocessing(image);
  return c;
}

CLIP_HOST JsonTree Description<ResNetConfig>::write(const ResNetConfig& c) {
  JsonTree image = json_object("image_size", c.image_size, "layers", c.layers, "width", c.width);
  write_preprocessing(image, c.preprocessing);
  return image;
}

CLIP_HOST bool Description<ResNetConfig>::recognises(const JsonReader& image) {
  return image.says("kind", kind) || (!image.has("kind") && image.holds_array("layers"));
}

CLIP_HOST bool Description<ResNetConfig>::recognises(const ShapeReader& shape) {
  return shape.has("visual.layer1.0.conv1.weight") &&
         (shape.has("visual.conv2.weight") || shape.has("visual.attnpool.positional_embedding"));
}

CLIP_HOST bool Description<ResNetConfig>::recognises_openclip(const JsonReader& image) {
  return image.holds_array("layers");
}

CLIP_HOST ResNetConfig Description<ResNetConfig>::read_openclip(JsonReader& image, Activation) {
  static_cast<void>(image.may_have("patch_size"));  // null for residual networks
  const Index image_size = image.extent("image_size", largest_image_size),
              width = image.extent("width", largest_extent);
  return {.image_size = image_size, .layers = read_stages(image), .width = width};
}

CLIP_HOST Result<JsonTree> Description<ResNetConfig>::try_write_openclip(const ResNetConfig& c, const std::string&) {
  return json_object("image_size", c.image_size, "layers", c.layers, "width", c.width, "patch_size", nullptr);
}

CLIP_HOST Result<JsonTree> Description<ResNetConfig>::try_write_huggingface(const ResNetConfig&, Index,
                                                                            const std::string& place) {
  return OptionError{place, "dialect for a residual network", "openai or openclip",
                     "huggingface: transformers has no such CLIP"};
}

CLIP_HOST NameTable Description<ResNetConfig>::names(Dialect dialect) {
  NameTable table{.dialect = dialect};
  if (dialect == Dialect::huggingface) {
    table.refused = detail::resnet_only_names;
    table.tower = words;
    table.own = detail::resnet_names;
  } else if (dialect == Dialect::tinyclip) {
    table.prefix = "_image_encoder.";
    table.rules = detail::resnet_tinyclip_names;
  }
  return table;
}

CLIP_HOST Index Description<ResNetConfig>::embed_dim(ShapeReader& shape) {
  return shape("visual.attnpool.c_proj.weight", 2, 0);
}

CLIP_HOST ResNetConfig Description<ResNetConfig>::infer(ShapeReader& shape, const TowerStatement&,
                                                        const TowerStatement&) {
  ResNetConfig c = RN50.image;
  c.width = shape("visual.layer1.0.conv1.weight", 4, 0);
  for (std::size_t s = 0; s < 4; ++s)
    c.layers[s] = shape.count_blocks("visual.layer" + std::to_string(s + 1) + ".", "conv1.weight");
  const Index positions = shape("visual.attnpool.positional_embedding", 2, 0);
  shape("visual.attnpool.c_proj.weight", 2, 1);
  if (shape.problems().empty()) c.image_size = 32 * shape.grid("visual.attnpool.positional_embedding", positions);
  return c;
}

CLIP_HOST double Description<ResNetConfig>::count_values(const ResNetConfig& c, Index embed_dim) {
  const double d = static_cast<double>(c.features());
  return d * (3 * d + static_cast<double>(embed_dim + c.tokens()));
}

CLIP_HOST std::string Description<ResNetConfig>::in_words(const ResNetConfig& c) {
  std::string stages;
  for (const Index n : c.layers) stages += (stages.empty() ? "" : " + ") + std::to_string(n);
  return "a residual network of width " + std::to_string(c.width) + ", layers " + stages;
}

}  // namespace clip::inline CLIP_ABI
