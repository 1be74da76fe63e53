// clip/tower/torchvision_resnet/description.inl.hpp: definitions of clip/tower/torchvision_resnet/description.hpp.
#pragma once

#include <clip/config/bounds.hpp>
#include <clip/io/json.hpp>
#include <clip/io/json_reader.hpp>
#include <clip/names/shape_reader.hpp>
#include <clip/tower/json_fields.hpp>
#include <clip/tower/torchvision_resnet/description.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

namespace detail {

/// Our names, by which a pair of towers is stored, and torchvision's. The first is one of the third's: a complete name,
/// by which the tower is found behind a prefix.
inline constexpr std::array<NameRule, 7> torchvision_resnet_names{{
    {"visual.layer1.0.conv1.weight", "layer1.0.conv1.weight"},
    {"visual.conv#.weight", "conv#.weight"},
    {"visual.layer#.#.conv#.weight", "layer#.#.conv#.weight"},
    {"visual.layer#.#.bn#.*", "layer#.#.bn#.*"},
    {"visual.layer#.#.downsample.#.*", "layer#.#.downsample.#.*"},
    {"visual.bn#.*", "bn#.*"},
    {"visual.fc.*", "fc.*"},
}};
inline constexpr std::array<std::string_view, 1> torchvision_resnet_only_names{"visual.fc."};

}  // namespace detail

CLIP_HOST TorchvisionResNetConfig Description<TorchvisionResNetConfig>::read(JsonReader& image) {
  TorchvisionResNetConfig c{.image_size = image.extent("image_size", largest_image_size),
                            .layers = read_stages(image),
                            .bottleneck = image.flag("bottleneck"),
                            .width = image.extent("width", largest_extent)};
  c.preprocessing = read_preprocessing(image, c.preprocessing);
  return c;
}

CLIP_HOST JsonTree Description<TorchvisionResNetConfig>::write(const TorchvisionResNetConfig& c) {
  JsonTree image = json_object("kind", std::string(kind), "image_size", c.image_size, "layers", c.layers, "bottleneck",
                               c.bottleneck, "width", c.width);
  write_preprocessing(image, c.preprocessing);
  return image;
}

CLIP_HOST bool Description<TorchvisionResNetConfig>::recognises(const JsonReader& image) {
  return image.says("kind", kind);
}

CLIP_HOST bool Description<TorchvisionResNetConfig>::recognises(const ShapeReader& shape) {
  return shape.has("visual.layer1.0.conv1.weight") && !shape.has("visual.conv2.weight") &&
         !shape.has("visual.attnpool.positional_embedding");
}

CLIP_HOST Result<JsonTree> Description<TorchvisionResNetConfig>::try_write_openclip(const TorchvisionResNetConfig&,
                                                                                    const std::string& place) {
  return OptionError{place, "dialect for a residual network of torchvision", "openai or torchvision",
                     "openclip: its descriptions have no such tower"};
}

CLIP_HOST Result<JsonTree> Description<TorchvisionResNetConfig>::try_write_huggingface(const TorchvisionResNetConfig&,
                                                                                       Index,
                                                                                       const std::string& place) {
  return OptionError{place, "dialect for a residual network of torchvision", "openai or torchvision",
                     "huggingface: transformers has no such CLIP"};
}

CLIP_HOST NameTable Description<TorchvisionResNetConfig>::names(Dialect dialect) {
  NameTable table{.dialect = dialect};
  if (dialect == Dialect::torchvision) {
    table.prefix = "layer1.0.conv1.weight";
    table.rules = detail::torchvision_resnet_names;
  } else if (dialect == Dialect::huggingface) {
    table.refused = detail::torchvision_resnet_only_names;
    table.tower = words;
    table.instead = "openai or torchvision";
  }
  return table;
}

CLIP_HOST Index Description<TorchvisionResNetConfig>::embed_dim(ShapeReader& shape) {
  return shape("visual.fc.weight", 2, 0);
}

CLIP_HOST TorchvisionResNetConfig Description<TorchvisionResNetConfig>::infer(ShapeReader& shape,
                                                                              const TowerStatement& stated,
                                                                              const TowerStatement&) {
  TorchvisionResNetConfig c = torchvision::ResNet34;
  c.width = shape("visual.conv1.weight", 4, 0);
  c.bottleneck = shape.has("visual.layer1.0.conv3.weight");
  for (std::size_t s = 0; s < 4; ++s)
    c.layers[s] = shape.count_blocks("visual.layer" + std::to_string(s + 1) + ".", "conv1.weight");
  const Index planes = shape("visual.layer1.0.conv1.weight", 4, 0);
  const Index inputs = shape("visual.layer1.0.conv2.weight", 4, 1);
  if (shape.problems().empty() && (planes != c.width || inputs != c.width))
    shape.problem("visual.layer1.0: a block of " + std::to_string(planes) + " and " + std::to_string(inputs) +
                  " channels on a stem of " + std::to_string(c.width) +
                  " is of a wide ResNet or a ResNeXt, which the library does not have");
  const Index features = shape("visual.fc.weight", 2, 1);
  if (shape.problems().empty() && c.width <= largest_extent / 32 && features != c.features())
    shape.problem("visual.fc.weight has " + std::to_string(features) + " columns, expected " +
                  std::to_string(c.features()));
  if (stated.image_size > 0) c.image_size = stated.image_size;
  // A classifier is evaluated as torchvision does it.
  else if (shape.dialect() == Dialect::torchvision) c.preprocessing = imagenet_classification;
  return c;
}

CLIP_HOST double Description<TorchvisionResNetConfig>::count_values(const TorchvisionResNetConfig& c, Index embed_dim) {
  const double planes = static_cast<double>(c.first(3).planes);
  return 9 * planes * planes + static_cast<double>(c.features()) * static_cast<double>(embed_dim);
}

CLIP_HOST std::string Description<TorchvisionResNetConfig>::in_words(const TorchvisionResNetConfig& c) {
  std::string stages;
  for (const Index n : c.layers) stages += (stages.empty() ? "" : " + ") + std::to_string(n);
  return "a residual network of torchvision of width " + std::to_string(c.width) + ", " +
         (c.bottleneck ? "bottleneck" : "basic") + " blocks, layers " + stages;
}

}  // namespace clip::inline CLIP_ABI
