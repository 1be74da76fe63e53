// clip/tower/mci/jettclip.hpp: JettCLIP: MobileCLIP's convolutional image towers and a text tower for long texts.
#pragma once

#include <clip/tower/clip_text/longclip.hpp>
#include <clip/tower/mci/apple.hpp>

namespace clip::inline CLIP_ABI {

/// MobileCLIP's image towers with Long-CLIP's text tower: 512 wide, 12 layers, 248 positions in two tables. As in
/// MobileCLIP its activation is GELU by erf, and it has no causal mask where the image tower is convolutional: rows are
/// filled with id 0 up to 248, which every position attends to, so that a short text costs as much as a long one. No
/// weights are published.
namespace jettclip {
// clang-format off
inline constexpr auto S0 = [] { auto c = mobileclip2::S0; c.text = detail::for_long_texts(c.text); return c; }();
inline constexpr auto S2 = [] { auto c = mobileclip::S2; c.text = detail::for_long_texts(c.text); return c; }();
// clang-format on
}  // namespace jettclip

}  // namespace clip::inline CLIP_ABI
