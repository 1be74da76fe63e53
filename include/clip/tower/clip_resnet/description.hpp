// clip/tower/clip_resnet/description.hpp: OpenAI's ModifiedResNet in files: JSON, tensor names, inference from shapes.
#pragma once

#include <clip/tower/clip_resnet/tinyclip.hpp>
#include <clip/tower/counting.hpp>
#include <clip/tower/description.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

namespace detail {

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

  static bool recognises(const JsonReader& image);
  static ResNetConfig read(JsonReader& image);
  static JsonTree write(const ResNetConfig& c);

  static bool recognises_openclip(const JsonReader& image);
  static ResNetConfig read_openclip(JsonReader& image, Activation);
  static Result<JsonTree> try_write_openclip(const ResNetConfig& c, const std::string&);

  static Result<JsonTree> try_write_huggingface(const ResNetConfig&, Index, const std::string& place);

  static NameTable names(Dialect dialect);
  static bool recognises(const ShapeReader& shape);
  static Index embed_dim(ShapeReader& shape);
  static ResNetConfig infer(ShapeReader& shape, const TowerStatement&, const TowerStatement&);
  /// A lower bound: the weights of the attention pool, which has most of them.
  static double count_values(const ResNetConfig& c, Index embed_dim);

  /// Shapes determine the whole tower: files state nothing else about it.
  static TowerStatement state(const ResNetConfig&) { return {}; }
  static std::string in_words(const ResNetConfig& c);
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
  /// Four maps of the stem's size.
  static constexpr double count_activations(const ResNetConfig& c) {
    const double side = static_cast<double>(c.image_size) / 2;
    return 4 * side * side * static_cast<double>(c.width);
  }

  using Published = NamedVariant<ResNetClipConfig>;
  static constexpr std::array<Published, 9> published{{
      {"RN50", "clip::RN50", RN50},
      {"RN101", "clip::RN101", RN101},
      {"RN50x4", "clip::RN50x4", RN50x4},
      {"RN50x16", "clip::RN50x16", RN50x16},
      {"RN50x64", "clip::RN50x64", RN50x64},
      {"yfcc15m/RN50", "clip::RN50", RN50},
      {"cc12m/RN50", "clip::RN50", RN50},
      {"tinyclip/ResNet-19M-Text-19M", "clip::tinyclip::ResNet_19M_Text_19M", tinyclip::ResNet_19M_Text_19M},
      {"tinyclip/ResNet-30M-Text-29M", "clip::tinyclip::ResNet_30M_Text_29M", tinyclip::ResNet_30M_Text_29M},
  }};
};

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/tower/clip_resnet/description.inl.hpp>
#endif
