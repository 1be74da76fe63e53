// clip/data/pairs.hpp: batch of image–text pairs.
#pragma once

#include <clip/image/image.hpp>
#include <clip/tokens/texts.hpp>

namespace clip::inline CLIP_ABI {

/// Row i of the images and row i of the texts are a pair.
struct Pairs {
  Images images;
  Texts texts;
};

}  // namespace clip::inline CLIP_ABI
