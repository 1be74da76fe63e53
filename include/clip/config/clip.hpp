// clip/config/clip.hpp: configuration of a whole model: two towers and the dimension they share.
#pragma once

#include <clip/config/bounds.hpp>
#include <clip/core/result.hpp>
#include <clip/core/size.hpp>

namespace clip::inline CLIP_ABI {

/// Two towers that embed into `embed_dim` dimensions. A new variant is a new constant, never a new class:
///
///   inline constexpr auto ViT_B_16 = [] { auto c = ViT_B_32; c.image.patch_size = 16; return c; }();
template <class Image, class Text>
struct ClipConfig {
  Index embed_dim;
  Image image;
  Text text;
  bool logit_bias = false;  // whether similarities have a bias (SigLIP)

  constexpr bool fixed() const { return embed_dim != dyn && image.fixed() && text.fixed(); }
  friend constexpr bool operator==(const ClipConfig&, const ClipConfig&) = default;
};

/// Checks the configuration of a model whose sizes are known only at run time. The sentence comes from
/// `problem(tower)`, defined in each tower's config.hpp, and is the one that static_assert prints. A tower that does
/// not take every embedding dimension also has `problem(tower, embed_dim)`.
/// OptionError: an open or an impossible size.
template <class Image, class Text>
Result<void> check(const ClipConfig<Image, Text>& c) {
  if (!c.fixed())
    return OptionError{"config", "a size is left open: every size of a model must be given"}.with_id(
        "clip.option.config");
  const char* sentence = problem(c.image);
  if (sentence == nullptr) sentence = problem(c.text);
  if constexpr (requires { problem(c.image, c.embed_dim); })
    if (sentence == nullptr) sentence = problem(c.image, c.embed_dim);
  if constexpr (requires { problem(c.text, c.embed_dim); })
    if (sentence == nullptr) sentence = problem(c.text, c.embed_dim);
  if (sentence != nullptr) return OptionError{"config", sentence}.with_id("clip.option.config");
  if (c.embed_dim <= 0 || c.embed_dim > largest_extent)
    return OptionError{"config", "embed_dim", c.embed_dim <= 0 ? "1 or more" : "at most 16777216", c.embed_dim}.with_id(
        "clip.option.config");
  return {};
}

}  // namespace clip::inline CLIP_ABI
