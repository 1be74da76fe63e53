// clip/model/any_config.hpp: configuration of a model whose families of towers are known only at run time.
#pragma once

#include <clip/config/clip.hpp>
#include <clip/config/preprocessing.hpp>
#include <clip/core/result.hpp>
#include <clip/model/text_input.hpp>
#include <clip/tower/list.hpp>

#include <type_traits>
#include <utility>
#include <variant>

namespace clip::inline CLIP_ABI {

/// The configuration of any model of the families F, as a value. A ClipConfig of two of these families converts to it.
template <class F>
struct AnyConfigOf {
  using Families = F;

  Index embed_dim;
  typename F::Images::Variant image;
  typename F::Texts::Variant text;
  bool logit_bias = false;

  constexpr AnyConfigOf(Index embed_dim_, typename F::Images::Variant image_, typename F::Texts::Variant text_,
                        bool logit_bias_ = false)
      : embed_dim{embed_dim_}, image{std::move(image_)}, text{std::move(text_)}, logit_bias{logit_bias_} {}
  template <class Image, class Text>
    requires(F::Images::template contains<Image>&& F::Texts::template contains<Text>)
  constexpr AnyConfigOf(const ClipConfig<Image, Text>& c)
      : embed_dim{c.embed_dim}, image{c.image}, text{c.text}, logit_bias{c.logit_bias} {}

  /// f(ClipConfig of the two families in use).
  template <class Visit>
  constexpr decltype(auto) visit(Visit&& f) const {
    return std::visit(
        [&](const auto& image_, const auto& text_) -> decltype(auto) {
          return f(ClipConfig<std::remove_cvref_t<decltype(image_)>, std::remove_cvref_t<decltype(text_)>>{
              embed_dim, image_, text_, logit_bias});
        },
        image, text);
  }
  /// Size, channels and preprocessing of the image tower's input.
  constexpr ImageInput input() const {
    return std::visit(
        [](const auto& tower) {
          return ImageInput{tower.image_size, tower.channels, tower.preprocessing};
        },
        image);
  }
  /// Limits of the text tower's token ids.
  constexpr TextInput text_input() const {
    return std::visit([](const auto& tower) { return text_input_of(tower); }, text);
  }
  /// The preprocessing of the image tower, to change it.
  constexpr Preprocessing& preprocessing() {
    return std::visit([](auto& tower) -> Preprocessing& { return tower.preprocessing; }, image);
  }
  friend constexpr bool operator==(const AnyConfigOf&, const AnyConfigOf&) = default;
};

using AnyConfig = AnyConfigOf<KnownFamilies>;

/// Checks the configuration. OptionError as check(ClipConfig).
template <class F>
Result<void> check(const AnyConfigOf<F>& c) {
  return c.visit([](const auto& config) { return check(config); });
}

namespace detail {
/// Complete for the families whose templates over files have definitions. With clip::precompiled these are the known
/// ones; clip/families.hpp brings the definitions for all others.
#if CLIP_HOST_LINKED
template <class F>
struct FamilyDefinitions;
template <>
struct FamilyDefinitions<KnownFamilies> {};
#else
template <class F>
struct FamilyDefinitions {};
#endif

/// The answer of FamilyDefinitions, with a sentence.
template <class F>
constexpr bool needs_families() {
  static_assert(
      requires { sizeof(FamilyDefinitions<F>); },
      "files of this list of families: with clip::precompiled, include <clip/families.hpp>, too");
  return true;
}

/// The statements of a configuration in a variant over families.
template <class Variant>
TowerStatement state(const Variant& tower) {
  return std::visit([](const auto& c) { return Description<std::remove_cvref_t<decltype(c)>>::state(c); }, tower);
}

/// The families that a file is compared with when it is loaded into a model with this configuration.
template <class Config>
struct FamiliesOfConfig;
template <class F>
struct FamiliesOfConfig<AnyConfigOf<F>> {
  using type = F;
};
template <class Image, class Text>
struct FamiliesOfConfig<ClipConfig<Image, Text>> {
  using Wider = WithFamilies<KnownFamilies, Image, Text>;
  static constexpr bool known = KnownFamilies::Images::contains<Image> && KnownFamilies::Texts::contains<Text>;
  using type = std::conditional_t<known, KnownFamilies, Wider>;
};
}  // namespace detail

}  // namespace clip::inline CLIP_ABI
