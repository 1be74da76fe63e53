// clip/model/config_json.hpp: model configurations as JSON files: the library's own format, and OpenCLIP's.
#pragma once

#include <clip/io/bytes.hpp>
#include <clip/io/json.hpp>
#include <clip/io/json_reader.hpp>
#include <clip/io/mapped_file.hpp>
#include <clip/model/any_config.hpp>
#include <clip/model/openclip_json.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace clip::inline CLIP_ABI {

namespace detail {

/// One tower of our own format, read by the first family that recognises it.
template <class L>
std::optional<typename L::Variant> read_tower(JsonReader& file) {
  std::optional<typename L::Variant> tower;
  std::string kinds;
  L::each([&]<class Config>() {
    kinds += (kinds.empty() ? "" : ", ") + std::string(Description<Config>::kind);
    if (!tower && Description<Config>::recognises(file)) tower = Description<Config>::read(file);
  });
  if (!tower) file.problem("kind", "expected one of " + kinds);
  return tower;
}

/// The dynamic configuration of the first family: a reader returns it after a problem, and the result is then an error.
template <class L>
typename L::Variant first_of() {
  return Tower<std::variant_alternative_t<0, typename L::Variant>>::dynamic;
}

/// The JSON object of one tower, by its family.
template <class Variant>
Json tower_to_json(const Variant& tower) {
  return std::visit([](const auto& c) { return Description<std::remove_cvref_t<decltype(c)>>::write(c); }, tower);
}

}  // namespace detail

/// A configuration from JSON text; errors name `place`. Every missing, misspelt or impossible field is reported.
///   {"embed_dim": 64,
///    "image": {"image_size": 28, "patch_size": 7, "width": 64, "layers": 3, "heads": 1, "activation": "quick_gelu",
///              "epsilon": 1e-5},
///    "text": {"context": 32, "vocabulary": 514, "width": 64, "layers": 2, "heads": 1, "activation": "quick_gelu",
///             "epsilon": 1e-5}}
/// Each family reads its own fields (tower/<family>/description.hpp): a residual network has {"image_size": 224,
/// "layers": [3, 4, 6, 3], "width": 64}, other families state their "kind". Optional: mlp_width in both transformers;
/// in image mean and deviation (three numbers each), resize ("shortest", "squash"), interpolation ("bicubic",
/// "bilinear"), color_order ("openai", "huggingface"), resampling ("pillow13", "pillow12", "torchvision"); logit_bias
/// (true or false). OpenCLIP's own files ("vision_cfg" …) are accepted, too.
/// LoadError: no JSON, or missing, unknown or wrong keys. OptionError: an impossible configuration.
template <class F = KnownFamilies>
Result<AnyConfigOf<F>> try_parse_config(std::string_view text, const std::string& place) {
  const auto json = try_parse_json(text, place);
  if (!json) return json.error();
  if (detail::is_openclip_config(*json)) return detail::try_read_openclip_config<F>(*json, place);
  JsonReader file{*json, place};
  const Index embed_dim = file.integer("embed_dim", 1);
  JsonReader image = file.object("image");
  auto image_tower = detail::read_tower<typename F::Images>(image);
  JsonReader text_fields = file.object("text");
  auto text_tower = detail::read_tower<typename F::Texts>(text_fields);
  const bool biased = file.may_have("logit_bias") && file.flag("logit_bias");
  if (auto done = file.finish(); !done) return done.error();
  AnyConfigOf<F> config{embed_dim, std::move(*image_tower), std::move(*text_tower), biased};
  if (auto possible = check(config); !possible)
    return OptionError{place, possible.error().message()}.with_id("clip.option.config");
  return config;
}

/// A configuration from a JSON file. Errors as try_parse_config.
template <class F = KnownFamilies>
Result<AnyConfigOf<F>> try_read_config(const std::string& path) {
  const auto file = try_map_file(path);
  if (!file) return file.error();
  return try_parse_config<F>(as_text(file->bytes()), path);
}
template <class F = KnownFamilies>
AnyConfigOf<F> read_config(const std::string& path) {
  return try_read_config<F>(path).value();
}

/// The configuration as JSON, with every field: training runs store it with their weights.
template <class F>
Json to_json(const AnyConfigOf<F>& c) {
  Json json{
      {"embed_dim", c.embed_dim}, {"image", detail::tower_to_json(c.image)}, {"text", detail::tower_to_json(c.text)}};
  if (c.logit_bias) json["logit_bias"] = true;
  return json;
}
template <class Image, class Text>
Json to_json(const ClipConfig<Image, Text>& c) {
  return to_json(AnyConfigOf<Families<List<Image>, List<Text>>>{c});
}

}  // namespace clip::inline CLIP_ABI
