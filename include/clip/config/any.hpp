// clip/config/any.hpp: a configuration whose kind of image tower is known only at run time.
#pragma once

#include <clip/config/clip.hpp>
#include <clip/config/resnet.hpp>

#include <utility>
#include <variant>

namespace clip::inline CLIP_ABI {

/// Any model of the library as a value. A ClipConfig of a known kind converts to it.
struct AnyConfig {
  Index embed_dim;
  std::variant<VitConfig, ResNetConfig> image;
  TextConfig text;

  template <class Image>
  constexpr AnyConfig(const ClipConfig<Image, TextConfig>& c) : embed_dim{c.embed_dim}, image{c.image}, text{c.text} {}

  /// f(configuration of its kind)
  template <class F>
  constexpr decltype(auto) visit(F&& f) const {
    return std::visit(
        [&](const auto& tower) -> decltype(auto) {
          return f(ClipConfig<std::remove_cvref_t<decltype(tower)>, TextConfig>{embed_dim, tower, text});
        },
        image);
  }
  /// What the image tower wants to see.
  constexpr ImageInput input() const {
    return std::visit(
        [](const auto& tower) {
          return ImageInput{tower.image_size, tower.channels, tower.preprocessing};
        },
        image);
  }
  /// The part of the image tower that both kinds have.
  constexpr Preprocessing& preprocessing() {
    return std::visit([](auto& tower) -> Preprocessing& { return tower.preprocessing; }, image);
  }
  friend constexpr bool operator==(const AnyConfig&, const AnyConfig&) = default;
};

/// Checked once, where a model is made of a configuration that is known only at run time.
inline Result<void> check(const AnyConfig& c) {
  return c.visit([](const auto& config) { return check(config); });
}

}  // namespace clip::inline CLIP_ABI
