// clip/tower/mct_text/description.hpp: MobileCLIP S0's hybrid text tower in files: JSON, tensor names, inference from
// shapes.
#pragma once

#include <clip/tower/counting.hpp>
#include <clip/tower/description.hpp>
#include <clip/tower/mct_text/apple.hpp>
#include <clip/tower/mct_text/fuse.hpp>

#include <array>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

namespace detail {

/// What towers with branches and fused towers share.
struct MctTextDescription {
  static MctTextConfig read(JsonReader& text);
  static JsonTree write(const MctTextConfig& c, std::string_view kind);
  static NameTable names(Dialect dialect);
  static bool recognises(const ShapeReader& shape, bool fused);
  static Index embed_dim(ShapeReader& shape);
  static MctTextConfig infer(ShapeReader& shape, const TowerStatement& stated, const TowerStatement& assumed);
  static double count_values(const MctTextConfig& c, Index embed_dim);
  static std::string in_words(const MctTextConfig& c);
  static Error only_apple(const std::string& place, std::string_view dialect, std::string_view owner);

  /// Products of the residual blocks, of the pointwise and of the depthwise convolutions. Fusing saves none.
  static constexpr double count_flops(const MctTextConfig& c, Index embed_dim) {
    const RepMixerBlockConfig mixer = c.mixer_block();
    const double mixing = flops_of_product(c.context, mixer.mixer.area() + mixer.mlp.area(), c.width) +
                          2 * flops_of_product(c.context, c.width, mixer.mlp_width);
    return 2 * mixing + static_cast<double>(c.layers) * flops_of_block(c.block(), c.context) +
           flops_of_product(1, c.width, embed_dim);
  }
};

template <bool Fused>
struct MctTextDescriptionOf : DescriptionDefaults {
  using Config = MctTextConfigOf<Fused>;
  using Shared = MctTextDescription;
  static constexpr std::string_view kind = Fused ? "mct_text_fused" : "mct_text";
  static constexpr std::string_view words =
      Fused ? "a fused hybrid text tower of MobileCLIP" : "a hybrid text tower of MobileCLIP";

  static Config read(JsonReader& text) { return mct_text_config<Fused>(Shared::read(text)); }

  static NameTable names(Dialect dialect) { return Shared::names(dialect); }
  static bool recognises(const ShapeReader& shape) { return Shared::recognises(shape, Fused); }
  static constexpr std::string_view projection = "text_projection";
  static Index embed_dim(ShapeReader& shape) { return Shared::embed_dim(shape); }
  static Config infer(ShapeReader& shape, const TowerStatement& stated, const TowerStatement& assumed) {
    return mct_text_config<Fused>(Shared::infer(shape, stated, assumed));
  }
  static double count_values(const Config& c, Index embed_dim) {
    return Shared::count_values(mct_text_config<false>(c), embed_dim);
  }

  /// Activation and epsilon are the same in all towers of this kind.
  static TowerStatement state(const Config& c) { return {.width = c.width, .layers = c.layers, .heads = c.heads}; }
  static void apply(Config& c, const TowerStatement& stated) {
    if (stated.heads > 0) c.heads = stated.heads;
  }
  static std::string in_words(const Config& c) { return Shared::in_words(mct_text_config<false>(c)); }
  static constexpr double count_flops(const Config& c, Index embed_dim) {
    return Shared::count_flops(mct_text_config<false>(c), embed_dim);
  }
};

}  // namespace detail

template <>
struct Description<MctTextConfig> : detail::MctTextDescriptionOf<false> {
  using detail::MctTextDescriptionOf<false>::recognises;
  static bool recognises(const JsonReader& text);
  static JsonTree write(const MctTextConfig& c);
  static bool recognises_apple(const JsonReader& text);
  static MctTextConfig read_apple(JsonReader& text);
  static Result<JsonTree> try_write_apple(const MctTextConfig& c, const std::string& place);
  static Result<JsonTree> try_write_openclip(const MctTextConfig&, const std::string& place);
  static Result<JsonTree> try_write_huggingface(const MctTextConfig&, Index, const std::string& place);

  using Published = NamedVariant<MctClipConfig>;
  static constexpr std::array<Published, 1> published{{{"mobileclip/S0", "clip::mobileclip::S0", mobileclip::S0}}};
};

template <>
struct Description<FusedMctTextConfig> : detail::MctTextDescriptionOf<true> {
  using detail::MctTextDescriptionOf<true>::recognises;
  static bool recognises(const JsonReader& text);
  static JsonTree write(const FusedMctTextConfig& c);
  static Result<JsonTree> try_write_openclip(const FusedMctTextConfig&, const std::string& place);
  static Result<JsonTree> try_write_huggingface(const FusedMctTextConfig&, Index, const std::string& place);
};

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/tower/mct_text/description.inl.hpp>
#endif
