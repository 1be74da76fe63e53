// clip/config/clip.hpp: a whole model as a value, and when such a value is possible.
#pragma once

#include <clip/config/text.hpp>
#include <clip/config/vit.hpp>
#include <clip/core/result.hpp>

#include <limits>

namespace clip::inline CLIP_ABI {

/// Two towers that meet in `embed_dim` dimensions. A new variant is a new constant, never a new class:
///
///   inline constexpr auto ViT_B_16 = [] { auto c = ViT_B_32; c.image.patch_size = 16; return c; }();
template <class Image, class Text>
struct ClipConfig {
  Index embed_dim;
  Image image;
  Text text;

  constexpr bool fixed() const { return embed_dim != dyn && image.fixed() && text.fixed(); }
  friend constexpr bool operator==(const ClipConfig&, const ClipConfig&) = default;
};

using VitClipConfig = ClipConfig<VitConfig, TextConfig>;

constexpr bool possible_epsilon(float epsilon) { return epsilon >= 0 && epsilon <= std::numeric_limits<float>::max(); }

/// The sentence a configuration fails with, or null: the same for static_assert and for errors at run time.
/// Extents that are dyn are not judged.
constexpr const char* problem(const VitConfig& c) {
  if (!c.fixed()) return nullptr;
  if (c.image_size <= 0 || c.patch_size <= 0 || c.width <= 0 || c.layers < 1 || c.heads <= 0 || c.hidden() <= 0)
    return "VitConfig: sizes must be positive";
  if (c.image_size % c.patch_size != 0) return "VitConfig: patch_size must divide image_size";
  if (c.width % c.heads != 0) return "VitConfig: heads must divide width";
  if (c.channels != 3) return "VitConfig: channels must be 3";
  if (!possible_epsilon(c.epsilon)) return "VitConfig: epsilon must be finite and not negative";
  return problem(c.preprocessing);
}

constexpr const char* problem(const TextConfig& c) {
  if (!c.fixed()) return nullptr;
  if (c.context < 2 || c.vocabulary < 2 || c.width <= 0 || c.layers < 1 || c.heads <= 0 || c.hidden() <= 0)
    return "TextConfig: sizes must be positive, context and vocabulary at least 2";
  if (c.width % c.heads != 0) return "TextConfig: heads must divide width";
  if (!possible_epsilon(c.epsilon)) return "TextConfig: epsilon must be finite and not negative";
  return nullptr;
}

/// Checked once, where a model is made of a configuration that is known only at run time.
template <class Image, class Text>
Result<void> check(const ClipConfig<Image, Text>& c) {
  if (!c.fixed()) return OptionError{"config", "a size is left open: every size of a model must be given"};
  if (const char* sentence = problem(c.image)) return OptionError{"config", sentence};
  if (const char* sentence = problem(c.text)) return OptionError{"config", sentence};
  if (c.embed_dim <= 0) return OptionError{"config", "embed_dim", "1 or more", c.embed_dim};
  return {};
}

}  // namespace clip::inline CLIP_ABI
