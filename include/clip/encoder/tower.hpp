// clip/encoder/tower.hpp: which tower a configuration means: families keyed by the configuration's type.
#pragma once

#include <clip/encoder/text_transformer.hpp>
#include <clip/encoder/vision_transformer.hpp>

#include <type_traits>

namespace clip::inline CLIP_ABI {

/// `Tower<VitConfig>::type<C, Embed, B, Blocks>` is the module; a new kind of tower is a new specialisation.
template <class Config>
struct Tower;

template <>
struct Tower<VitConfig> {
  template <VitConfig C, Index Embed, class B, class Blocks>
  using type = VisionTransformer<C, Embed, B, Blocks>;
};

template <>
struct Tower<TextConfig> {
  template <TextConfig C, Index Embed, class B, class Blocks>
  using type = TextTransformer<C, Embed, B, Blocks>;
};

template <auto C, Index Embed, class B, class Blocks>
using TowerOf = typename Tower<std::remove_cvref_t<decltype(C)>>::template type<C, Embed, B, Blocks>;

}  // namespace clip::inline CLIP_ABI
