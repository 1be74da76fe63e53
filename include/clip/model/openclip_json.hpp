// clip/model/openclip_json.hpp: OpenCLIP's configuration files: model_configs/*.json and open_clip_config.json.
#pragma once

#include <clip/config/bounds.hpp>
#include <clip/io/json.hpp>
#include <clip/io/json_reader.hpp>
#include <clip/model/any_config.hpp>
#include <clip/model/openclip_foreign.hpp>
#include <clip/tower/json_fields.hpp>

#include <optional>
#include <string>
#include <utility>

namespace clip::inline CLIP_ABI::detail {

/// Whether JSON is a configuration of OpenCLIP, bare or in open_clip_config.json.
inline bool is_openclip_config(const Json& json) {
  return json.is_object() && (json.contains("vision_cfg") || json.contains("model_cfg"));
}

/// One tower of OpenCLIP's format, read by the first family that recognises it.
template <class L>
std::optional<typename L::Variant> read_openclip_tower(JsonReader& file, const std::string& key, JsonReader& parent,
                                                       Activation activation) {
  std::optional<typename L::Variant> tower;
  L::each([&]<class Config>() {
    if constexpr (requires { Description<Config>::read_openclip(file, activation); })
      if (!tower && Description<Config>::recognises_openclip(file))
        tower = Description<Config>::read_openclip(file, activation);
  });
  if (!tower) parent.problem(key, "no tower of the library is described so");
  return tower;
}

/// Reads the fields of preprocess_cfg. Without effect: size, in whose place OpenCLIP puts the image_size of the model,
/// and fill_color, which is for images that are padded, as no resize_mode here does.
inline void read_openclip_preprocessing(JsonReader& file, Preprocessing& p) {
  p.mean = read_three(file, "mean", p.mean);
  p.deviation = read_three(file, "std", p.deviation);
  if (file.may_have("interpolation"))
    p.interpolation = read_choice(file, "interpolation", p.interpolation, interpolations);
  if (file.may_have("resize_mode")) p.resize = read_choice(file, "resize_mode", p.resize, resize_modes);
  static_cast<void>(file.may_have("fill_color"));
  if (file.may_have("mode") && !file.says("mode", "RGB")) file.problem("mode", "expected RGB");
  if (!file.may_have("size")) return;
  if (file.holds_array("size")) static_cast<void>(file.numbers("size", 2));
  else static_cast<void>(file.integer("size"));
}

/// Reads vision_cfg, text_cfg, embed_dim, quick_gelu; without quick_gelu the activation is GELU by erf. An
/// init_logit_bias makes a model with a bias. Keys that would change the architecture to an unsupported one are unknown
/// keys.
/// LoadError: every missing, misspelt or impossible field; the kind of model, if it is a known one that is not built.
template <class F = KnownFamilies>
Result<AnyConfigOf<F>> try_read_openclip_config(const Json& json, const std::string& place) {
  JsonReader file{json, place};
  const bool folder = json.contains("model_cfg");
  JsonReader model = folder ? file.object("model_cfg") : file;
  const Index embed_dim = model.extent("embed_dim", largest_extent);
  const Activation activation =
      model.may_have("quick_gelu") && model.flag("quick_gelu") ? Activation::quick_gelu : Activation::gelu;
  const bool biased = model.may_have("init_logit_bias");
  if (biased) static_cast<void>(model.number("init_logit_bias"));
  if (model.may_have("init_logit_scale")) static_cast<void>(model.number("init_logit_scale"));
  if (model.may_have("custom_text")) static_cast<void>(model.flag("custom_text"));  // of names alone
  JsonReader text_fields = model.object("text_cfg");
  auto text = read_openclip_tower<typename F::Texts>(text_fields, "text_cfg", model, activation);
  JsonReader vision = model.object("vision_cfg");
  auto image = read_openclip_tower<typename F::Images>(vision, "vision_cfg", model, activation);
  std::optional<Preprocessing> preprocessing;  // nullopt: the family's
  if (folder && file.may_have("preprocess_cfg")) {
    JsonReader preprocess = file.object("preprocess_cfg");
    read_openclip_preprocessing(preprocess, preprocessing.emplace());
  }
  if (auto done = file.finish(); !done) {
    const std::string kind = foreign_openclip(folder ? json["model_cfg"] : json);
    if (kind.empty()) return done.error();
    return LoadError{place, "describes " + kind + ", which is not built here; " +
                                done.error().message().substr(done.error().place().size() + 2)}
        .with_id("clip.load.model");
  }
  AnyConfigOf<F> config{embed_dim, std::move(*image), std::move(*text), biased};
  if (preprocessing) config.preprocessing() = *preprocessing;
  if (auto possible = check(config); !possible)
    return OptionError{place, possible.error().message()}.with_id("clip.option.config");
  return config;
}

}  // namespace clip::inline CLIP_ABI::detail
