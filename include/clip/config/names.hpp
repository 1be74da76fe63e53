// clip/config/names.hpp: every model of the library by name, for programs that are told which one at run time.
#pragma once

#include <clip/config/json.hpp>
#include <clip/config/openai_resnet.hpp>
#include <clip/config/openclip.hpp>
#include <clip/io/posix.hpp>

#include <array>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

/// A configuration and its names: as users say it ("laion/ViT-B-32"), and as programs do ("clip::laion::ViT_B_32").
struct NamedConfig {
  std::string_view name, constant;
  AnyConfig config;
};

/// OpenAI's models under OpenAI's names, all others as source/name.
inline constexpr std::array<NamedConfig, 32> named_configs{{
    {"ViT-B/32", "clip::ViT_B_32", ViT_B_32},
    {"ViT-B/16", "clip::ViT_B_16", ViT_B_16},
    {"ViT-L/14", "clip::ViT_L_14", ViT_L_14},
    {"ViT-L/14@336px", "clip::ViT_L_14_336px", ViT_L_14_336px},
    {"RN50", "clip::RN50", RN50},
    {"RN101", "clip::RN101", RN101},
    {"RN50x4", "clip::RN50x4", RN50x4},
    {"RN50x16", "clip::RN50x16", RN50x16},
    {"RN50x64", "clip::RN50x64", RN50x64},
    {"laion/ViT-B-32", "clip::laion::ViT_B_32", laion::ViT_B_32},
    {"laion/ViT-B-16", "clip::laion::ViT_B_16", laion::ViT_B_16},
    {"laion/ViT-L-14", "clip::laion::ViT_L_14", laion::ViT_L_14},
    {"laion/ViT-L-14-336", "clip::laion::ViT_L_14_336", laion::ViT_L_14_336},
    {"laion/ViT-H-14", "clip::laion::ViT_H_14", laion::ViT_H_14},
    {"laion/ViT-g-14", "clip::laion::ViT_g_14", laion::ViT_g_14},
    {"laion/ViT-bigG-14", "clip::laion::ViT_bigG_14", laion::ViT_bigG_14},
    {"laion400m/ViT-B-32", "clip::laion400m::ViT_B_32", laion400m::ViT_B_32},
    {"laion400m/ViT-B-16", "clip::laion400m::ViT_B_16", laion400m::ViT_B_16},
    {"laion400m/ViT-L-14", "clip::laion400m::ViT_L_14", laion400m::ViT_L_14},
    {"datacomp/ViT-B-32", "clip::datacomp::ViT_B_32", datacomp::ViT_B_32},
    {"datacomp/ViT-B-16", "clip::datacomp::ViT_B_16", datacomp::ViT_B_16},
    {"datacomp/ViT-L-14", "clip::datacomp::ViT_L_14", datacomp::ViT_L_14},
    {"metaclip/ViT-B-32", "clip::metaclip::ViT_B_32", metaclip::ViT_B_32},
    {"metaclip/ViT-B-16", "clip::metaclip::ViT_B_16", metaclip::ViT_B_16},
    {"metaclip/ViT-L-14", "clip::metaclip::ViT_L_14", metaclip::ViT_L_14},
    {"metaclip/ViT-H-14", "clip::metaclip::ViT_H_14", metaclip::ViT_H_14},
    {"dfn/ViT-B-16", "clip::dfn::ViT_B_16", dfn::ViT_B_16},
    {"dfn/ViT-L-14", "clip::dfn::ViT_L_14", dfn::ViT_L_14},
    {"dfn/ViT-H-14", "clip::dfn::ViT_H_14", dfn::ViT_H_14},
    {"dfn/ViT-H-14-378", "clip::dfn::ViT_H_14_378", dfn::ViT_H_14_378},
    {"yfcc15m/RN50", "clip::RN50", RN50},
    {"cc12m/RN50", "clip::RN50", RN50},
}};

/// The first constant that is such a model, or null. Colour order does not tell models apart.
constexpr const NamedConfig* find_named(AnyConfig config) {
  config.preprocessing().color_order = ColorOrder::openai;
  for (const NamedConfig& known : named_configs)
    if (known.config == config) return &known;
  return nullptr;
}

/// A model by name, or by a JSON file of ours or OpenCLIP's (a path that ends in .json or exists).
/// OptionError: neither, with the names there are; errors as try_read_config.
inline Result<AnyConfig> try_find_config(const std::string& name_or_path) {
  std::string names;
  for (const NamedConfig& known : named_configs) {
    if (known.name == name_or_path) return known.config;
    names += (names.empty() ? "" : ", ") + std::string(known.name);
  }
  if (name_or_path.ends_with(".json") || detail::is_there(name_or_path)) return try_read_config(name_or_path);
  return OptionError{"model", "name", "a configuration file or one of " + names, name_or_path};
}
inline AnyConfig find_config(const std::string& name_or_path) { return try_find_config(name_or_path).value(); }

}  // namespace clip::inline CLIP_ABI
