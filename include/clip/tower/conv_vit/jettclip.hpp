// clip/tower/conv_vit/jettclip.hpp: JettCLIP-B: MobileCLIP-B's image tower and a text tower for long texts.
#pragma once

#include <clip/tower/clip_text/longclip.hpp>
#include <clip/tower/conv_vit/apple.hpp>

namespace clip::inline CLIP_ABI {

/// See clip/tower/mci/jettclip.hpp. The text tower of B has the causal mask.
namespace jettclip {
// clang-format off
inline constexpr auto B = [] { auto c = mobileclip::B; c.text = detail::for_long_texts(c.text); return c; }();
// clang-format on
}  // namespace jettclip

}  // namespace clip::inline CLIP_ABI
