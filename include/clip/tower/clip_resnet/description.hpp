// clip/tower/clip_resnet/description.hpp: OpenAI's ModifiedResNet in files: JSON, tensor names, inference from shapes.
#pragma once

#include <clip/tower/clip_resnet/openai.hpp>
#include <clip/tower/counting.hpp>
#include <clip/tower/description.hpp>
#include <clip/tower/json_fields.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

namespace detail {

inline constexpr std::array<std::string_view, 2> resnet_only_names{"visual.layer1.", "visual.attnpool."};

/// The number of blocks of each of the four stages.
inline std::array<Index, 4> read_stages(JsonReader& image) {
  std::array<Index, 4> stages{1, 1, 1, 1};
  const auto values = image.numbers("layers", 4);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!(values[i] >= 1 && values[i] <= 1000)) {
      image.problem("layers", "expected four numbers of 1 ... 1000");
      break;
    }
    stages[i] = static_cast<Index>(values[i]);
  }
  return stages;
}

/// FLOPs of a bottleneck block whose output is `side` pixels wide and high.
constexpr double flops_of_bottleneck(const BottleneckConfig& c, Index side) {
  const Index before = c.stride * side;
  return flops_of_product(before * before, c.in + 9 * c.planes, c.planes) +
         flops_of_product(side * side, c.planes + (c.downsample ? c.in : 0), c.out());
}

}  // namespace detail

template <>
struct Description<ResNetConfig> : DescriptionDefaults {
  static constexpr std::string_view kind = "resnet";
  static constexpr std::string_view words = "a residual network";

  static bool recognises(const JsonReader& image) {
    return image.says("kind", kind) || (!image.has("kind") && image.holds_array("layers"));
  }
  static ResNetConfig read(JsonReader& image) {
    ResNetConfig c{.image_size = image.integer("image_size", 1),
                   .layers = detail::read_stages(image),
                   .width = image.integer("width", 1)};
    c.preprocessing = read_preprocessing(image);
    return c;
  }
  static Json write(const ResNetConfig& c) {
    Json image{{"image_size", c.image_size}, {"layers", c.layers}, {"width", c.width}};
    write_preprocessing(image, c.preprocessing);
    return image;
  }

  static bool recognises_openclip(const JsonReader& image) { return image.holds_array("layers"); }
  static ResNetConfig read_openclip(JsonReader& image, Activation) {
    static_cast<void>(image.may_have("patch_size"));  // null for residual networks
    const Index image_size = image.integer("image_size", 1), width = image.integer("width", 1);
    return {.image_size = image_size, .layers = detail::read_stages(image), .width = width};
  }
  static Result<Json> try_write_openclip(const ResNetConfig& c, const std::string&) {
    return Json{{"image_size", c.image_size}, {"layers", c.layers}, {"width", c.width}, {"patch_size", nullptr}};
  }

  static Result<Json> try_write_huggingface(const ResNetConfig&, Index, const std::string& place) {
    return OptionError{place, "dialect for a residual network", "openai or openclip",
                       "huggingface: transformers has no such CLIP"};
  }

  static NameTable names(Dialect dialect) {
    NameTable table{.dialect = dialect};
    if (dialect == Dialect::huggingface) {
      table.refused = detail::resnet_only_names;
      table.tower = words;
    }
    return table;
  }
  static bool recognises(const ShapeReader& shape) { return shape.has("visual.layer1.0.conv1.weight"); }
  static ResNetConfig infer(ShapeReader& shape, const TowerStatement&, const TowerStatement&) {
    ResNetConfig c = RN50.image;
    c.width = shape("visual.layer1.0.conv1.weight", 4, 0);
    for (std::size_t s = 0; s < 4; ++s)
      c.layers[s] = shape.count_blocks("visual.layer" + std::to_string(s + 1) + ".", "conv1.weight");
    const Index positions = shape("visual.attnpool.positional_embedding", 2, 0);
    shape("visual.attnpool.c_proj.weight", 2, 1);
    if (shape.problems().empty()) c.image_size = 32 * shape.grid("visual.attnpool.positional_embedding", positions);
    return c;
  }
  /// A lower bound: the weights of the attention pool, which has most of them.
  static double count_values(const ResNetConfig& c, Index embed_dim) {
    const double d = static_cast<double>(c.features());
    return d * (3 * d + static_cast<double>(embed_dim + c.tokens()));
  }

  /// Shapes determine the whole tower: files state nothing else about it.
  static TowerStatement state(const ResNetConfig&) { return {}; }
  static std::string in_words(const ResNetConfig& c) {
    std::string stages;
    for (const Index n : c.layers) stages += (stages.empty() ? "" : " + ") + std::to_string(n);
    return "a residual network of width " + std::to_string(c.width) + ", layers " + stages;
  }
  static constexpr double count_flops(const ResNetConfig& c, Index embed_dim) {
    Index side = c.image_size / 2;
    double sum = flops_of_product(side * side, 9 * (c.channels + c.stem()), c.stem()) +
                 flops_of_product(side * side, 9 * c.stem(), c.width);
    side /= 2;
    for (Index stage = 0; stage < 4; ++stage) {
      side /= c.first(stage).stride;
      sum += detail::flops_of_bottleneck(c.first(stage), side) +
             static_cast<double>(c.further_blocks(stage)) * detail::flops_of_bottleneck(c.further(stage), side);
    }
    return sum + flops_of_product(c.tokens(), c.features(), 3 * c.features()) +
           flops_of_attention(c.tokens(), c.features()) + flops_of_product(c.tokens(), c.features(), embed_dim);
  }

  using Published = NamedVariant<ResNetClipConfig>;
  static constexpr std::array<Published, 7> published{{
      {"RN50", "clip::RN50", RN50},
      {"RN101", "clip::RN101", RN101},
      {"RN50x4", "clip::RN50x4", RN50x4},
      {"RN50x16", "clip::RN50x16", RN50x16},
      {"RN50x64", "clip::RN50x64", RN50x64},
      {"yfcc15m/RN50", "clip::RN50", RN50},
      {"cc12m/RN50", "clip::RN50", RN50},
  }};
};

}  // namespace clip::inline CLIP_ABI
