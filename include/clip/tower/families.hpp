// clip/tower/families.hpp: lists of tower families, as types.
#pragma once

#include <type_traits>
#include <variant>

namespace clip::inline CLIP_ABI {

/// A list of configuration types, one per family of towers.
template <class... Configs>
struct List {
  using Variant = std::variant<Configs...>;
  template <template <class> class F>
  using VariantOf = std::variant<F<Configs>...>;

  template <class Config>
  static constexpr bool contains = (std::is_same_v<Config, Configs> || ...);

  /// visit.template operator()<Config>() for every family, in order.
  template <class F>
  static constexpr void each(F&& visit) {
    (visit.template operator()<Configs>(), ...);
  }
};

namespace detail {
template <class L, class Config>
struct WithFamily;
template <class... Configs, class Config>
struct WithFamily<List<Configs...>, Config> {
  using type =
      std::conditional_t<List<Configs...>::template contains<Config>, List<Configs...>, List<Configs..., Config>>;
};
}  // namespace detail

/// The image and text families that files, AnyConfig and AnyModel choose from. The first of each list is the one whose missing
/// tensors an error names when no family recognises a file.
template <class ImageList, class TextList>
struct Families {
  using Images = ImageList;
  using Texts = TextList;
};

/// The same families and these two, if they are others: what a model of one's own is compared with.
template <class F, class Image, class Text>
using WithFamilies = Families<typename detail::WithFamily<typename F::Images, Image>::type,
                              typename detail::WithFamily<typename F::Texts, Text>::type>;

}  // namespace clip::inline CLIP_ABI
