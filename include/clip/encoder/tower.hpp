// clip/encoder/tower.hpp: which tower a configuration means: families keyed by the configuration's type.
#pragma once

#include <clip/encoder/modified_resnet.hpp>
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

/// The family of blocks is the text tower's: a ResNet has blocks of its own.
template <>
struct Tower<ResNetConfig> {
  template <ResNetConfig C, Index Embed, class B, class>
  using type = ModifiedResNet<C, Embed, B>;
};

template <>
struct Tower<TextConfig> {
  template <TextConfig C, Index Embed, class B, class Blocks>
  using type = TextTransformer<C, Embed, B, Blocks>;
};

template <auto C, Index Embed, class B, class Blocks>
using TowerOf = typename Tower<std::remove_cvref_t<decltype(C)>>::template type<C, Embed, B, Blocks>;

}  // namespace clip::inline CLIP_ABI
