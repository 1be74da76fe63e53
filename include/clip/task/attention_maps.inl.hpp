// clip/task/attention_maps.inl.hpp: definitions of clip/task/attention_maps.hpp.
#pragma once

#include <clip/task/attention_maps.hpp>

namespace clip::inline CLIP_ABI::detail {

CLIP_HOST PatchTokens patch_tokens(Index tokens) {
  const auto side = static_cast<Index>(std::sqrt(static_cast<double>(tokens)));
  if (const Index before = tokens - side * side; side > 0 && before <= 1) return {side, before};
  raise(OptionError{"attention_maps", "tokens of an image", "a square of patches, or one more", tokens}.with_id(
      "clip.option.attention"));
}

CLIP_HOST Index layer_number(const char* place, Index layer, Index layers, Index otherwise) {
  if (layers == 0)
    raise(OptionError{place, "tower", "one with attention", "one without"}.with_id("clip.option.attention"));
  if (layer < -1 || layer >= layers)
    raise(OptionError{place, "layer of attention", "0 to " + std::to_string(layers - 1) + ", or -1", layer});
  return layer < 0 ? otherwise : layer;
}

CLIP_HOST std::vector<double> cosine_slope(const char* place, std::span<const double> x, std::span<const double> y,
                                           double scale) {
  double xx = 0, yy = 0, xy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xx += x[i] * x[i];
    yy += y[i] * y[i];
    xy += x[i] * y[i];
  }
  if (!(xx > 0 && yy > 0 && std::isfinite(xx) && std::isfinite(yy)))
    raise(NumericError{place, "features that are zero or not finite"});
  const double lengths = std::sqrt(xx) * std::sqrt(yy);
  std::vector<double> slope(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) slope[i] = scale * (y[i] / lengths - xy / lengths * x[i] / xx);
  return slope;
}

CLIP_HOST Images one_image(const Images& images, Index i) {
  const auto values = images.image(i);
  return Images::from_floats(1, images.channels(), images.height(), images.width(), {values.begin(), values.end()});
}

}  // namespace clip::inline CLIP_ABI::detail
