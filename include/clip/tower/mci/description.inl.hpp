// clip/tower/mci/description.inl.hpp: definitions of clip/tower/mci/description.hpp.
#pragma once

#include <clip/config/bounds.hpp>
#include <clip/io/json.hpp>
#include <clip/io/json_reader.hpp>
#include <clip/names/shape_reader.hpp>
#include <clip/tower/clip_text/openclip_names.hpp>
#include <clip/tower/json_fields.hpp>
#include <clip/tower/mci/apple_names.hpp>
#include <clip/tower/mci/description.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {

/// The architectures of timm, as OpenCLIP's timm_model_name states them.
struct TimmMci {
  std::string_view name;
  MciConfig config;
};
inline constexpr std::array<TimmMci, 5> timm_mcis{{
    {"fastvit_mci0", mobileclip2::S0.image},
    {"fastvit_mci1", mobileclip::S1.image},
    {"fastvit_mci2", mobileclip::S2.image},
    {"fastvit_mci3", mobileclip2::S3.image},
    {"fastvit_mci4", mobileclip2::S4.image},
}};

/// All other names of the tower are in the rules of Apple's dialect.
inline constexpr std::array<std::string_view, 1> mci_own_names{"visual.trunk.head.fc.bias"};

/// Only MobileCLIP's convolutional towers have such a head.
inline constexpr std::array<NameRule, 1> mci_signs{{{"visual.trunk.head.fc.weight", "visual.trunk.head.fc.weight"}}};
inline constexpr std::array<std::string_view, 1> mci_only_names{"visual.trunk."};

inline std::string mci_stage_name(Index s) { return "visual.trunk.stages." + std::to_string(s) + "."; }

/// Five numbers at most, one per stage; after a problem empty.
inline std::vector<double> mci_numbers(JsonReader& image, const std::string& key, Index most) {
  std::vector<double> values = image.numbers(key);
  if (values.empty()) return values;
  bool good = values.size() <= 5;
  for (const double x : values)
    good = good && x >= 0 && x <= static_cast<double>(most) && x == static_cast<double>(static_cast<Index>(x));
  if (good) return values;
  image.problem(key, "expected up to five integers, one per stage");
  return {};
}

CLIP_HOST MciConfig MciDescription::read(JsonReader& image) {
  MciConfig c{.image_size = image.extent("image_size", largest_image_size), .stages = {MciStage{1, 1, 1}}};
  const auto fill = [&](const std::string& key, Index most, auto put) {
    const std::vector<double> values = mci_numbers(image, key, most);
    for (std::size_t s = 0; s < values.size(); ++s) put(c.stages[s], static_cast<Index>(values[s]));
  };
  fill("layers", most_layers, [](MciStage& s, Index x) { s.layers = x; });
  fill("width", largest_extent, [](MciStage& s, Index x) { s.width = x; });
  fill("mlp_width", largest_extent, [](MciStage& s, Index x) { s.mlp_width = x; });
  fill("attention", 1, [](MciStage& s, Index x) { s.attention = x != 0; });
  fill("squeeze", 1, [](MciStage& s, Index x) { s.squeeze = x != 0; });
  fill("positions", 1, [](MciStage& s, Index x) { s.positions = x != 0; });
  c.stem_scale = image.flag("stem_scale");
  c.layer_norm = image.flag("layer_norm");
  c.preprocessing = read_preprocessing(image, c.preprocessing);
  return c;
}

CLIP_HOST JsonTree MciDescription::write(const MciConfig& c, std::string_view kind) {
  std::vector<Index> layers, widths, mlp_widths, attention, squeeze, positions;
  for (Index s = 0; s < c.depth(); ++s) {
    const MciStage& stage = c.stage(s);
    layers.push_back(stage.layers);
    widths.push_back(stage.width);
    mlp_widths.push_back(stage.mlp_width);
    attention.push_back(stage.attention ? 1 : 0);
    squeeze.push_back(stage.squeeze ? 1 : 0);
    positions.push_back(stage.positions ? 1 : 0);
  }
  JsonTree image = json_object("kind", std::string(kind), "image_size", c.image_size, "layers", layers, "width", widths,
                               "mlp_width", mlp_widths, "attention", attention, "squeeze", squeeze, "positions",
                               positions, "stem_scale", c.stem_scale, "layer_norm", c.layer_norm);
  write_preprocessing(image, c.preprocessing);
  return image;
}

CLIP_HOST bool MciDescription::recognises_openclip(const JsonReader& image) {
  for (const TimmMci& known : timm_mcis)
    if (image.says("timm_model_name", known.name)) return true;
  return false;
}

CLIP_HOST MciConfig MciDescription::read_openclip(JsonReader& image) {
  MciConfig c = timm_mcis[0].config;
  const std::string name = image.text("timm_model_name");
  for (const TimmMci& known : timm_mcis)
    if (known.name == name) c = known.config;
  if (image.may_have("image_size")) c.image_size = image.extent("image_size", largest_image_size);
  static_cast<void>(image.may_have("timm_model_pretrained"));
  if (image.may_have("timm_pool") && !image.says("timm_pool", "avg")) image.problem("timm_pool", "expected avg");
  static_cast<void>(image.may_have("timm_proj"));
  static_cast<void>(image.may_have("timm_drop"));
  static_cast<void>(image.may_have("timm_drop_path"));
  return c;
}

CLIP_HOST Result<JsonTree> MciDescription::try_write_openclip(const MciConfig& c, const std::string& place) {
  for (const TimmMci& known : timm_mcis)
    if (known.config.stages == c.stages && known.config.stem_scale == c.stem_scale &&
        known.config.layer_norm == c.layer_norm)
      return json_object("image_size", c.image_size, "timm_model_name", std::string(known.name),
                         "timm_model_pretrained", false, "timm_pool", "avg", "timm_proj", nullptr);
  return OptionError{place, "image tower in OpenCLIP's description", "the sizes of a fastvit_mci of timm", in_words(c)};
}

/// timm's architectures that Apple's code has, by its names: "mci0" to "mci2".
inline std::span<const TimmMci> apple_mcis() { return std::span{timm_mcis}.first(3); }
inline std::string_view apple_name(const TimmMci& known) { return known.name.substr(known.name.find("mci")); }

CLIP_HOST bool MciDescription::recognises_apple(const JsonReader& image) {
  return std::ranges::any_of(apple_mcis(), [&](const TimmMci& m) { return image.says("model_name", apple_name(m)); });
}

CLIP_HOST MciConfig MciDescription::read_apple(JsonReader& image) {
  MciConfig c = timm_mcis[0].config;
  for (const TimmMci& known : apple_mcis())
    if (image.says("model_name", apple_name(known))) c = known.config;
  c.image_size = image.extent("image_size", largest_image_size);
  return c;
}

CLIP_HOST Result<JsonTree> MciDescription::try_write_apple(const MciConfig& c, const std::string& place) {
  for (const TimmMci& known : apple_mcis())
    if (known.config.stages == c.stages && known.config.stem_scale == c.stem_scale &&
        known.config.layer_norm == c.layer_norm)
      return json_object("image_size", c.image_size, "model_name", std::string(apple_name(known)));
  return OptionError{place, "image tower in Apple's description", "the sizes of mci0, mci1 or mci2", in_words(c)};
}

CLIP_HOST NameTable MciDescription::names(Dialect dialect) {
  NameTable table{.dialect = dialect, .own = mci_own_names};
  if (dialect == Dialect::openclip) {  // our names are timm's; the text tower is a module of its own
    table.prefix = "visual.trunk.";
    table.rules = clip_text_apart_names;
    table.signs = mci_signs;
  }
  if (dialect == Dialect::apple) {
    table.prefix = "image_encoder.model.";
    table.rules = mci_apple_names;
    table.zero = mci_apple_zero;
  }
  if (dialect == Dialect::huggingface) {
    table.refused = mci_only_names;
    table.tower = "a convolutional tower of MobileCLIP";
  }
  return table;
}

CLIP_HOST bool MciDescription::recognises(const ShapeReader& shape, bool fused) {
  return shape.has(fused ? "visual.trunk.stem.0.reparam_conv.weight" : "visual.trunk.stem.0.conv_kxk.0.conv.weight");
}

CLIP_HOST MciConfig MciDescription::infer(ShapeReader& shape, bool fused, Index image_size) {
  const std::string kernel = fused ? "reparam_conv.weight" : "conv_kxk.0.conv.weight";
  MciConfig c{.image_size = image_size > 0 ? image_size : 256, .stages = {MciStage{1, 1, 1}}};
  shape("visual.trunk.stem.0." + kernel, 4, 0);
  shape("visual.trunk.head.fc.weight", 2, 0);
  c.stem_scale = fused || shape.has("visual.trunk.stem.0.conv_scale.conv.weight");
  Index s = 0;
  for (; s < 5 && shape.has(mci_stage_name(s) + "blocks.0.mlp.fc1.weight"); ++s) {
    const std::string stage = mci_stage_name(s);
    MciStage& found = c.stages[static_cast<std::size_t>(s)];
    found.layers = shape.count_blocks(stage + "blocks.", "mlp.fc1.weight");
    found.mlp_width = shape(stage + "blocks.0.mlp.fc1.weight", 4, 0);
    found.width = shape(stage + "blocks.0.mlp.fc1.weight", 4, 1);
    found.attention = shape.has(stage + "blocks.0.token_mixer.qkv.weight");
    found.squeeze = shape.has(stage + "downsample.proj.0.se.fc1.weight");
    found.positions = shape.has(stage + (fused ? "pos_emb.reparam_conv.weight" : "pos_emb.pos_enc.weight"));
    if (found.attention) c.layer_norm = !shape.has(stage + "blocks.0.norm.running_mean");
  }
  if (s == 0) shape.problem("no visual.trunk.stages.0.blocks.0.mlp.fc1.weight");
  for (const TimmMci& known : timm_mcis)
    if (known.config.stages == c.stages) c.preprocessing = known.config.preprocessing;
  return c;
}

CLIP_HOST Index MciDescription::embed_dim(ShapeReader& shape) { return shape("visual.trunk.head.fc.weight", 2, 0); }

CLIP_HOST double MciDescription::count_values(const MciConfig& c, Index embed_dim) {
  double values = static_cast<double>(c.features()) * static_cast<double>(embed_dim);
  for (Index s = 0; s < c.depth(); ++s) {
    const MciStage& stage = c.stage(s);
    const double w = static_cast<double>(stage.width);
    values += static_cast<double>(stage.layers) *
              (w * (2 * static_cast<double>(stage.mlp_width) + 49) + (stage.attention ? 4 * w * w : 0));
  }
  return values;
}

CLIP_HOST std::string MciDescription::in_words(const MciConfig& c) {
  std::string widths, layers;
  for (Index s = 0; s < c.depth(); ++s) {
    widths += (s == 0 ? "" : " + ") + std::to_string(c.stage(s).width);
    layers += (s == 0 ? "" : " + ") + std::to_string(c.stage(s).layers);
  }
  return "a convolutional tower of MobileCLIP of widths " + widths + ", layers " + layers;
}

inline Error no_huggingface_mci(const std::string& place) {
  return OptionError{place, "dialect for MobileCLIP", "openai or openclip",
                     "huggingface: transformers has no such CLIP"};
}

}  // namespace detail

CLIP_HOST bool Description<MciConfig>::recognises(const JsonReader& image) { return image.says("kind", kind); }
CLIP_HOST JsonTree Description<MciConfig>::write(const MciConfig& c) { return detail::MciDescription::write(c, kind); }
CLIP_HOST Result<JsonTree> Description<MciConfig>::try_write_openclip(const MciConfig& c, const std::string& place) {
  return detail::MciDescription::try_write_openclip(c, place);
}
CLIP_HOST Result<JsonTree> Description<MciConfig>::try_write_apple(const MciConfig& c, const std::string& place) {
  return detail::MciDescription::try_write_apple(c, place);
}
CLIP_HOST Result<JsonTree> Description<MciConfig>::try_write_huggingface(const MciConfig&, Index,
                                                                         const std::string& place) {
  return detail::no_huggingface_mci(place);
}

CLIP_HOST bool Description<FusedMciConfig>::recognises(const JsonReader& image) { return image.says("kind", kind); }
CLIP_HOST JsonTree Description<FusedMciConfig>::write(const FusedMciConfig& c) {
  return detail::MciDescription::write(mci_config<false>(c), kind);
}
CLIP_HOST Result<JsonTree> Description<FusedMciConfig>::try_write_openclip(const FusedMciConfig&,
                                                                           const std::string& place) {
  return OptionError{place, "dialect for a fused tower of MobileCLIP", "openai",
                     "openclip: its descriptions are of towers with branches"};
}
CLIP_HOST Result<JsonTree> Description<FusedMciConfig>::try_write_huggingface(const FusedMciConfig&, Index,
                                                                              const std::string& place) {
  return detail::no_huggingface_mci(place);
}

}  // namespace clip::inline CLIP_ABI
