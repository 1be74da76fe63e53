// clip/tower/clip_vit/description.hpp: OpenAI's vision transformer in files: JSON, tensor names, inference from shapes.
#pragma once

#include <clip/tower/clip_vit/apple.hpp>
#include <clip/tower/clip_vit/clipa.hpp>
#include <clip/tower/clip_vit/longclip.hpp>
#include <clip/tower/clip_vit/metaclip2.hpp>
#include <clip/tower/clip_vit/openai.hpp>
#include <clip/tower/clip_vit/openclip.hpp>
#include <clip/tower/clip_vit/timm.hpp>
#include <clip/tower/clip_vit/tinyclip.hpp>
#include <clip/tower/counting.hpp>
#include <clip/tower/description.hpp>

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI {

template <>
struct Description<VitConfig> : DescriptionDefaults {
  static constexpr std::string_view kind = "vit";
  static constexpr std::string_view words = "a vision transformer";

  // Our own JSON. The two image families of OpenAI's CLIP write no "kind": "layers" is a number here and an array in
  // ResNets.
  static bool recognises(const JsonReader& image);
  static VitConfig read(JsonReader& image);
  static JsonTree write(const VitConfig& c);

  static bool recognises_openclip(const JsonReader& image);
  static VitConfig read_openclip(JsonReader& image, Activation activation);
  static Result<JsonTree> try_write_openclip(const VitConfig& c, const std::string& place);

  static Result<JsonTree> try_write_huggingface(const VitConfig& c, Index embed_dim, const std::string& place);

  static NameTable names(Dialect dialect);
  static std::vector<NameTable> more_names();
  static bool recognises(const ShapeReader& shape);
  static constexpr std::string_view projection = "visual.proj";
  static constexpr PatchTensors patches{"visual.conv1.weight", "visual.positional_embedding", 1};
  static Index embed_dim(ShapeReader& shape);
  static VitConfig infer(ShapeReader& shape, const TowerStatement& stated, const TowerStatement& assumed);
  static std::optional<Activation> activation_by_naming(Dialect dialect, const VitConfig& c);
  static double count_values(const VitConfig& c, Index embed_dim);

  static TowerStatement state(const VitConfig& c) {
    TowerStatement stated = state_prunable(c);
    stated.pos_cnn = c.pos_cnn;
    return stated;
  }
  static void apply(VitConfig& c, const TowerStatement& stated) { apply_to_transformer(c, stated); }
  static std::string in_words(const VitConfig& c);
  static constexpr double count_flops(const VitConfig& c, Index embed_dim) {
    const double ends =
        flops_of_product(c.tokens() - 1, c.patch_values(), c.width) + flops_of_product(1, c.width, embed_dim);
    if (!c.pos_cnn)
      return ends + sum_over_blocks(c, [&](const BlockConfig& b) { return flops_of_block(b, c.tokens()); });
    double blocks = 0;
    for (Index i = 0; i < c.layers; ++i) {
      blocks += flops_of_block(c.block(i), c.tokens_after(i - 1));
      if (c.pos_cnn.stride(i) != 0) blocks += flops_of_pos_cnn(c.width, c.tokens_after(i) - 1);
    }
    return ends + blocks;
  }
  static constexpr double count_activations(const VitConfig& c) { return activations_of_transformer(c); }

  using Published = NamedVariant<VitClipConfig>;
  static constexpr std::array<Published, 46> published{{
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
      {"laion400m/ViT-B-16-plus-240", "clip::laion400m::ViT_B_16_plus_240", laion400m::ViT_B_16_plus_240},
      {"laion400m/ViT-L-14", "clip::laion400m::ViT_L_14", laion400m::ViT_L_14},
      {"datacomp/ViT-B-32", "clip::datacomp::ViT_B_32", datacomp::ViT_B_32},
      {"datacomp/ViT-B-32-256", "clip::datacomp::ViT_B_32_256", datacomp::ViT_B_32_256},
      {"datacomp/ViT-B-16", "clip::datacomp::ViT_B_16", datacomp::ViT_B_16},
      {"datacomp/ViT-L-14", "clip::datacomp::ViT_L_14", datacomp::ViT_L_14},
      {"metaclip/ViT-B-32", "clip::metaclip::ViT_B_32", metaclip::ViT_B_32},
      {"metaclip/ViT-B-16", "clip::metaclip::ViT_B_16", metaclip::ViT_B_16},
      {"metaclip/ViT-L-14", "clip::metaclip::ViT_L_14", metaclip::ViT_L_14},
      {"metaclip/ViT-H-14", "clip::metaclip::ViT_H_14", metaclip::ViT_H_14},
      {"metaclip2/ViT-H-14", "clip::metaclip2::ViT_H_14", metaclip2::ViT_H_14},
      {"metaclip2/ViT-H-14-378", "clip::metaclip2::ViT_H_14_378", metaclip2::ViT_H_14_378},
      {"metaclip2/ViT-bigG-14", "clip::metaclip2::ViT_bigG_14", metaclip2::ViT_bigG_14},
      {"metaclip2/ViT-bigG-14-378", "clip::metaclip2::ViT_bigG_14_378", metaclip2::ViT_bigG_14_378},
      {"clipa/ViT-L-14", "clip::clipa::ViT_L_14", clipa::ViT_L_14},
      {"clipa/ViT-L-14-336", "clip::clipa::ViT_L_14_336", clipa::ViT_L_14_336},
      {"clipa/ViT-H-14", "clip::clipa::ViT_H_14", clipa::ViT_H_14},
      {"clipa/ViT-H-14-336", "clip::clipa::ViT_H_14_336", clipa::ViT_H_14_336},
      {"clipa/ViT-bigG-14", "clip::clipa::ViT_bigG_14", clipa::ViT_bigG_14},
      {"clipa/ViT-bigG-14-336", "clip::clipa::ViT_bigG_14_336", clipa::ViT_bigG_14_336},
      {"dfn/ViT-B-16", "clip::dfn::ViT_B_16", dfn::ViT_B_16},
      {"dfn/ViT-L-14", "clip::dfn::ViT_L_14", dfn::ViT_L_14},
      {"dfn/ViT-H-14", "clip::dfn::ViT_H_14", dfn::ViT_H_14},
      {"dfn/ViT-H-14-378", "clip::dfn::ViT_H_14_378", dfn::ViT_H_14_378},
      {"mobileclip2/L-14", "clip::mobileclip2::L_14", mobileclip2::L_14},
      {"tinyclip/ViT-8M-16-Text-3M", "clip::tinyclip::ViT_8M_16_Text_3M", tinyclip::ViT_8M_16_Text_3M},
      {"tinyclip/ViT-39M-16-Text-19M", "clip::tinyclip::ViT_39M_16_Text_19M", tinyclip::ViT_39M_16_Text_19M},
      {"tinyclip/ViT-40M-32-Text-19M", "clip::tinyclip::ViT_40M_32_Text_19M", tinyclip::ViT_40M_32_Text_19M},
      {"tinyclip/ViT-61M-32-Text-29M", "clip::tinyclip::ViT_61M_32_Text_29M", tinyclip::ViT_61M_32_Text_29M},
      {"longclip/B", "clip::longclip::B", longclip::B},
      {"longclip/B-32", "clip::longclip::B_32", longclip::B_32},
      {"longclip/L", "clip::longclip::L", longclip::L},
      {"longclip/L-336px", "clip::longclip::L_336px", longclip::L_336px},
  }};
};

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/tower/clip_vit/description.inl.hpp>
#endif
