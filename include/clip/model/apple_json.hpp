// clip/model/apple_json.hpp: configuration files of Apple's MobileCLIP repository: configs/mobileclip_s1.json.
#pragma once

#include <clip/config/bounds.hpp>
#include <clip/io/json.hpp>
#include <clip/io/json_reader.hpp>
#include <clip/model/any_config.hpp>

#include <optional>
#include <string>
#include <utility>

namespace clip::inline CLIP_ABI::detail {

/// A family that Apple's format describes.
template <class Config>
concept InApplesJson = requires(JsonReader& file) {
  Description<Config>::read_apple(file);
};

/// Whether JSON is a configuration of Apple's.
inline bool is_apple_config(const Json& json) { return json.is_object() && json.contains("image_cfg"); }

/// One tower of Apple's format, read by the first family that recognises it.
template <class L>
std::optional<typename L::Variant> read_apple_tower(JsonReader& file, const std::string& key, JsonReader& parent) {
  std::optional<typename L::Variant> tower;
  L::each([&]<class Config>() {
    if constexpr (InApplesJson<Config>)
      if (!tower && Description<Config>::recognises_apple(file)) tower = Description<Config>::read_apple(file);
  });
  if (!tower) parent.problem(key, "no tower of the library is described so");
  return tower;
}

/// Reads embed_dim, image_cfg and text_cfg. Activation, epsilon and preprocessing are those of Apple's code.
/// LoadError: every missing, misspelt or impossible field.
template <class F = KnownFamilies>
Result<AnyConfigOf<F>> try_read_apple_config(const Json& json, const std::string& place) {
  JsonReader file{json, place};
  const Index embed_dim = file.extent("embed_dim", largest_extent);
  JsonReader image_fields = file.object("image_cfg");
  auto image = read_apple_tower<typename F::Images>(image_fields, "image_cfg", file);
  JsonReader text_fields = file.object("text_cfg");
  auto text = read_apple_tower<typename F::Texts>(text_fields, "text_cfg", file);
  if (auto done = file.finish(); !done) return done.error();
  AnyConfigOf<F> config{embed_dim, std::move(*image), std::move(*text)};
  if (auto possible = check(config); !possible)
    return OptionError{place, possible.error().message()}.with_id("clip.option.config");
  return config;
}

}  // namespace clip::inline CLIP_ABI::detail
