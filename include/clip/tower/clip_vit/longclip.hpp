// clip/tower/clip_vit/longclip.hpp: Long-CLIP (Zhang et al. 2024): OpenAI's models for texts of 248 tokens.
#pragma once

#include <clip/tower/clip_text/longclip.hpp>
#include <clip/tower/clip_vit/openai.hpp>

namespace clip::inline CLIP_ABI {

namespace longclip {
// clang-format off
inline constexpr auto B = [] { auto c = ViT_B_16; c.text = detail::for_long_texts(c.text); return c; }();
inline constexpr auto B_32 = [] { auto c = ViT_B_32; c.text = detail::for_long_texts(c.text); return c; }();
inline constexpr auto L = [] { auto c = ViT_L_14; c.text = detail::for_long_texts(c.text); return c; }();
inline constexpr auto L_336px = [] { auto c = L; c.image.image_size = 336; return c; }();
// clang-format on
}  // namespace longclip

}  // namespace clip::inline CLIP_ABI
