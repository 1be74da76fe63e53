// clip/tower/clip_text/perception.hpp: the text towers of PE-Core, Meta's Perception Encoder (Bolya et al. 2025).
#pragma once

#include <clip/tower/clip_text/text_transformer.hpp>

namespace clip::inline CLIP_ABI {

/// The text tower of a model whose image tower the library does not build: what TextEncoder needs.
struct TextTowerConfig {
  Index embed_dim;
  TextConfig text;
};

namespace detail {

constexpr TextTowerConfig perception_text(Index width, Index layers, Index context) {
  return {.embed_dim = width,
          .text = {.context = context,
                   .vocabulary = 49408,
                   .width = width,
                   .layers = layers,
                   .heads = width / 64,
                   .activation = Activation::gelu,
                   .epsilon = 1e-5f}};
}

}  // namespace detail

/// Text encoders of PE-Core, by their models' names in OpenCLIP; the image towers have rotary positions.
///   TextEncoder<pe_core::B_16> texts;
///   load(texts, "PE-Core-B-16/open_clip_model.safetensors");
namespace pe_core {
inline constexpr auto T_16_384 = detail::perception_text(512, 12, 32);
inline constexpr auto S_16_384 = T_16_384;
inline constexpr auto B_16 = detail::perception_text(1024, 24, 32);
inline constexpr auto L_14_336 = B_16;
inline constexpr auto bigG_14_448 = detail::perception_text(1280, 24, 72);
}  // namespace pe_core

}  // namespace clip::inline CLIP_ABI
