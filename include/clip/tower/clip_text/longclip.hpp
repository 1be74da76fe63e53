// clip/tower/clip_text/longclip.hpp: Long-CLIP's change to a text tower (Zhang et al. 2024).
#pragma once

#include <clip/tower/clip_text/config.hpp>

namespace clip::inline CLIP_ABI::detail {

/// A text tower for 248 tokens instead of 77, with two tables of positions.
constexpr TextConfig for_long_texts(TextConfig text) {
  text.context = 248;
  text.two_tables = true;
  return text;
}

}  // namespace clip::inline CLIP_ABI::detail
