// clip/tower/torchvision_resnet/description.hpp: torchvision's ResNets in files: JSON, names, inference from shapes.
#pragma once

#include <clip/tower/counting.hpp>
#include <clip/tower/description.hpp>
#include <clip/tower/torchvision_resnet/bert.hpp>

#include <array>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

template <>
struct Description<TorchvisionResNetConfig> : DescriptionDefaults {
  static constexpr std::string_view kind = "torchvision_resnet";
  static constexpr std::string_view words = "a residual network of torchvision";

  static bool recognises(const JsonReader& image);
  static TorchvisionResNetConfig read(JsonReader& image);
  static JsonTree write(const TorchvisionResNetConfig& c);

  static Result<JsonTree> try_write_openclip(const TorchvisionResNetConfig&, const std::string& place);
  static Result<JsonTree> try_write_huggingface(const TorchvisionResNetConfig&, Index, const std::string& place);

  static NameTable names(Dialect dialect);
  static bool recognises(const ShapeReader& shape);
  static Index embed_dim(ShapeReader& shape);
  static TorchvisionResNetConfig infer(ShapeReader& shape, const TowerStatement& stated, const TowerStatement&);
  /// A lower bound: the weights of the last stage's first convolution and of `fc`.
  static double count_values(const TorchvisionResNetConfig& c, Index embed_dim);

  /// Shapes determine the whole tower but the image size, which is 224 in all published files.
  static TowerStatement state(const TorchvisionResNetConfig&) { return {}; }
  static std::string in_words(const TorchvisionResNetConfig& c);
  static constexpr double count_flops(const TorchvisionResNetConfig& c, Index embed_dim) {
    const auto halved = [](Index side) { return (side + 1) / 2; };
    Index side = halved(c.image_size);
    double sum = flops_of_product(side * side, 49 * c.channels, c.width);
    side = halved(side);
    for (Index stage = 0; stage < 4; ++stage) {
      ResNetBlockConfig block = c.first(stage);
      for (Index i = 0; i < c.blocks(stage); ++i) {
        const Index before = side, after = block.stride == 2 ? halved(side) : side, pixels = after * after;
        if (block.bottleneck)
          sum += flops_of_product(before * before, block.in, block.planes) +
                 flops_of_product(pixels, 9 * block.planes + block.out(), block.planes);
        else sum += flops_of_product(pixels, 9 * (block.in + block.planes), block.planes);
        if (block.projects()) sum += flops_of_product(pixels, block.in, block.out());
        side = after;
        block = {block.out(), block.planes, 1, block.bottleneck};
      }
    }
    return sum + flops_of_product(1, c.features(), embed_dim);
  }
  /// Four maps of the stem's size.
  static constexpr double count_activations(const TorchvisionResNetConfig& c) {
    const double side = static_cast<double>(c.image_size) / 2;
    return 4 * side * side * static_cast<double>(c.width);
  }

  using Published = NamedVariant<ResNetBertClipConfig>;
  static constexpr std::array<Published, 1> published{
      {{"experiment/ResNet-34-BERT", "clip::experiment::ResNet_34_BERT", experiment::ResNet_34_BERT}}};
};

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/tower/torchvision_resnet/description.inl.hpp>
#endif
