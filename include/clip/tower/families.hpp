// clip/tower/families.hpp: type lists of tower families.
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

/// The image and text families that files, AnyConfig and AnyModel choose from. If no family recognises a file, the
/// error names the missing tensors of the first family of each list.
template <class ImageList, class TextList>
struct Families {
  using Images = ImageList;
  using Texts = TextList;
};

/// The families F, extended by these two: a user's own model is compared with them.
template <class F, class Image, class Text>
using WithFamilies = Families<typename detail::WithFamily<typename F::Images, Image>::type,
                              typename detail::WithFamily<typename F::Texts, Text>::type>;

}  // namespace clip::inline CLIP_ABI
