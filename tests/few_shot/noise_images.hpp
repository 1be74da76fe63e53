// A tiny CLIP, and labelled images of coloured noise for it.
#pragma once

#include <clip/config/clip.hpp>
#include <clip/core/rng.hpp>
#include <clip/data/labelled_images.hpp>
#include <clip/tower/list.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

inline constexpr clip::VitClipConfig tiny_clip{.embed_dim = 8,
                                               .image = {.image_size = 16,
                                                         .patch_size = 8,
                                                         .width = 16,
                                                         .layers = 1,
                                                         .heads = 2,
                                                         .activation = clip::Activation::quick_gelu,
                                                         .epsilon = 1e-5f},
                                               .text = {.context = 16,
                                                        .vocabulary = 514,
                                                        .width = 16,
                                                        .layers = 1,
                                                        .heads = 2,
                                                        .activation = clip::Activation::quick_gelu,
                                                        .epsilon = 1e-5f}};

/// 12 images of each of three classes: noise, brighter in the channel of the class.
inline clip::LabelledImages images_of_noise(std::uint8_t brightness = 90) {
  clip::LabelledImages images{.place = "colors", .classes = {"red", "green", "blue"}};
  for (clip::Index i = 0; i < 36; ++i) {
    images.labels.push_back(static_cast<std::int32_t>(i % 3));
    images.names.push_back(std::to_string(i));
  }
  images.load = [brightness](clip::Index i) -> clip::Result<clip::StoredImage> {
    std::vector<std::uint8_t> pixels;
    clip::Rng rng = clip::Rng{7}.fork(static_cast<std::uint64_t>(i));
    for (clip::Index k = 0; k < 16 * 16 * 3; ++k)
      pixels.push_back(static_cast<std::uint8_t>((k % 3 == i % 3 ? brightness : 60) + rng.below(120)));
    return clip::StoredImage{clip::Image{16, 16, clip::Pixels::rgb, std::move(pixels)}};
  };
  return images;
}
