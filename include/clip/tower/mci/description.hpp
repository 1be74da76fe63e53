// clip/tower/mci/description.hpp: MobileCLIP's convolutional image towers in files: JSON, tensor names, inference from
// shapes.
#pragma once

#include <clip/tower/counting.hpp>
#include <clip/tower/description.hpp>
#include <clip/tower/mci/apple.hpp>
#include <clip/tower/mci/fuse.hpp>
#include <clip/tower/mci/jettclip.hpp>

#include <array>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

namespace detail {

/// What towers with branches and fused towers share.
struct MciDescription {
  static MciConfig read(JsonReader& image);
  static JsonTree write(const MciConfig& c, std::string_view kind);
  static bool recognises_openclip(const JsonReader& image);
  static MciConfig read_openclip(JsonReader& image);
  static Result<JsonTree> try_write_openclip(const MciConfig& c, const std::string& place);
  static bool recognises_apple(const JsonReader& image);
  static MciConfig read_apple(JsonReader& image);
  static Result<JsonTree> try_write_apple(const MciConfig& c, const std::string& place);
  static NameTable names(Dialect dialect);
  static bool recognises(const ShapeReader& shape, bool fused);
  static MciConfig infer(ShapeReader& shape, bool fused, Index image_size);
  static Index embed_dim(ShapeReader& shape);
  static double count_values(const MciConfig& c, Index embed_dim);
  static std::string in_words(const MciConfig& c);

  /// Products of the pointwise convolutions, of attention and of the depthwise convolutions.
  static constexpr double count_flops(const MciConfig& c, Index embed_dim, bool fused) {
    Index side = (c.image_size + 1) / 2;
    const Index width = c.stage(0).width;
    const double branches = fused ? 0 : 1;
    double sum = flops_of_product(side * side, 27 + (fused || !c.stem_scale ? 0 : 3), width);
    side = (side + 1) / 2;
    sum += flops_of_product(side * side, 9 + (fused || !c.stem_scale ? 0 : 1) + width, width);
    for (Index s = 0; s < c.depth(); ++s) {
      const MciStage& stage = c.stage(s);
      if (s > 0) {
        side = (side + 1) / 2;
        sum += flops_of_product(side * side, 49 + (fused ? 0 : 9) + stage.width, stage.width);
      }
      const Index pixels = side * side;
      if (stage.positions) sum += flops_of_product(pixels, 49, stage.width);
      double block =
          flops_of_product(pixels, 49, stage.width) + 2 * flops_of_product(pixels, stage.mlp_width, stage.width);
      if (stage.attention)
        block += flops_of_product(pixels, 4 * stage.width, stage.width) + flops_of_attention(pixels, stage.width);
      else block += flops_of_product(pixels, 9, stage.width) + branches * flops_of_product(pixels, 1, stage.width);
      sum += static_cast<double>(stage.layers) * block;
    }
    return sum + flops_of_product(side * side, 9, c.features()) + flops_of_product(1, c.features(), embed_dim);
  }
};

template <bool Fused>
struct MciDescriptionOf : DescriptionDefaults {
  using Config = MciConfigOf<Fused>;
  using Shared = MciDescription;
  static constexpr std::string_view kind = Fused ? "mci_fused" : "mci";
  static constexpr std::string_view words =
      Fused ? "a fused convolutional tower of MobileCLIP" : "a convolutional tower of MobileCLIP";

  static Config read(JsonReader& image) { return mci_config<Fused>(Shared::read(image)); }

  // timm's names of architectures determine everything but the image size.
  static constexpr bool in_own_openclip_keys = true;
  static bool recognises_openclip(const JsonReader& image) { return !Fused && Shared::recognises_openclip(image); }
  static Config read_openclip(JsonReader& image, Activation) { return mci_config<Fused>(Shared::read_openclip(image)); }

  static NameTable names(Dialect dialect) { return Shared::names(dialect); }
  static bool recognises(const ShapeReader& shape) { return Shared::recognises(shape, Fused); }
  static Config infer(ShapeReader& shape, const TowerStatement& stated, const TowerStatement&) {
    return mci_config<Fused>(Shared::infer(shape, Fused, stated.image_size));
  }
  static Index embed_dim(ShapeReader& shape) { return Shared::embed_dim(shape); }
  static double count_values(const Config& c, Index embed_dim) {
    return Shared::count_values(mci_config<false>(c), embed_dim);
  }

  /// Shapes determine the whole tower but the image size, which is 256 in all published models.
  static TowerStatement state(const Config&) { return {}; }
  static std::string in_words(const Config& c) { return Shared::in_words(mci_config<false>(c)); }
  static constexpr double count_flops(const Config& c, Index embed_dim) {
    return Shared::count_flops(mci_config<false>(c), embed_dim, Fused);
  }
};

}  // namespace detail

template <>
struct Description<MciConfig> : detail::MciDescriptionOf<false> {
  using detail::MciDescriptionOf<false>::recognises;
  static bool recognises(const JsonReader& image);
  static JsonTree write(const MciConfig& c);
  static Result<JsonTree> try_write_openclip(const MciConfig& c, const std::string& place);
  static bool recognises_apple(const JsonReader& image) { return Shared::recognises_apple(image); }
  static MciConfig read_apple(JsonReader& image) { return Shared::read_apple(image); }
  static Result<JsonTree> try_write_apple(const MciConfig& c, const std::string& place);
  static Result<JsonTree> try_write_huggingface(const MciConfig&, Index, const std::string& place);

  using Published = NamedVariant<MciClipConfig>;
  static constexpr std::array<Published, 8> published{{
      {"mobileclip/S1", "clip::mobileclip::S1", mobileclip::S1},
      {"mobileclip/S2", "clip::mobileclip::S2", mobileclip::S2},
      {"mobileclip2/S0", "clip::mobileclip2::S0", mobileclip2::S0},
      {"mobileclip2/S2", "clip::mobileclip2::S2", mobileclip2::S2},
      {"mobileclip2/S3", "clip::mobileclip2::S3", mobileclip2::S3},
      {"mobileclip2/S4", "clip::mobileclip2::S4", mobileclip2::S4},
      {"jettclip/S0", "clip::jettclip::S0", jettclip::S0},
      {"jettclip/S2", "clip::jettclip::S2", jettclip::S2},
  }};
};

template <>
struct Description<FusedMciConfig> : detail::MciDescriptionOf<true> {
  using detail::MciDescriptionOf<true>::recognises;
  static bool recognises(const JsonReader& image);
  static JsonTree write(const FusedMciConfig& c);
  static Result<JsonTree> try_write_openclip(const FusedMciConfig&, const std::string& place);
  static Result<JsonTree> try_write_huggingface(const FusedMciConfig&, Index, const std::string& place);

  using Published = NamedVariant<ClipConfig<FusedMciConfig, TextConfig>>;
  static constexpr std::array<Published, 0> published{};
};

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/tower/mci/description.inl.hpp>
#endif
