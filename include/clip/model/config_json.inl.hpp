// clip/model/config_json.inl.hpp: definitions of clip/model/config_json.hpp.
#pragma once

#include <clip/config/bounds.hpp>
#include <clip/io/bytes.hpp>
#include <clip/io/file_bytes.hpp>
#include <clip/io/json.hpp>
#include <clip/io/json_reader.hpp>
#include <clip/model/apple_json.hpp>
#include <clip/model/config_json.hpp>
#include <clip/model/openclip_json.hpp>

#include <optional>
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

/// The JSON object of one tower, by its family.
template <class Variant>
JsonTree tower_to_json(const Variant& tower) {
  return std::visit([](const auto& c) -> JsonTree { return Description<std::remove_cvref_t<decltype(c)>>::write(c); },
                    tower);
}

template <class F>
Result<AnyConfigOf<F>> try_config_of(const Json& json, const std::string& place) {
  if (is_openclip_config(json)) return try_read_openclip_config<F>(json, place);
  if (is_apple_config(json)) return try_read_apple_config<F>(json, place);
  JsonReader file{json, place};
  const Index embed_dim = file.extent("embed_dim", largest_extent);
  JsonReader image = file.object("image");
  auto image_tower = read_tower<typename F::Images>(image);
  JsonReader text_fields = file.object("text");
  auto text_tower = read_tower<typename F::Texts>(text_fields);
  const bool biased = file.may_have("logit_bias") && file.flag("logit_bias");
  if (auto done = file.finish(); !done) return done.error();
  AnyConfigOf<F> config{embed_dim, std::move(*image_tower), std::move(*text_tower), biased};
  if (auto possible = check(config); !possible)
    return OptionError{place, possible.error().message()}.with_id("clip.option.config");
  return config;
}

}  // namespace detail

template <class F>
Result<AnyConfigOf<F>> try_parse_config(std::string_view text, const std::string& place) {
  auto json = try_parse_json(text, place);
  if (!json) return json.error();
  const detail::DismantledAtEnd end{*json};
  return detail::try_config_of<F>(*json, place);
}

template <class F>
Result<AnyConfigOf<F>> try_read_config(const std::string& path) {
  const auto file = try_read_bytes(path);
  if (!file) return file.error();
  return try_parse_config<F>(as_text(*file), path);
}

template <class F>
JsonTree to_json(const AnyConfigOf<F>& c) {
  JsonTree json = json_object("embed_dim", c.embed_dim, "image", detail::tower_to_json(c.image), "text",
                              detail::tower_to_json(c.text));
  if (c.logit_bias) json["logit_bias"] = true;
  return json;
}

template <class Image, class Text>
JsonTree to_json(const ClipConfig<Image, Text>& c) {
  return to_json(AnyConfigOf<typename detail::FamiliesOfConfig<ClipConfig<Image, Text>>::type>{c});
}

template <class F>
std::string config_text(const AnyConfigOf<F>& c) {
  return json_text(to_json(c));
}

}  // namespace clip::inline CLIP_ABI
