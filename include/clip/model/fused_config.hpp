// clip/model/fused_config.hpp: configurations of models whose branches of training are fused, and the way back.
#pragma once

#include <clip/config/clip.hpp>
#include <clip/model/any_config.hpp>
#include <clip/tower/fusing.hpp>

#include <type_traits>
#include <variant>

namespace clip::inline CLIP_ABI {

namespace detail {

/// The tower of f(Fusing<its family>, its configuration), or the same tower if the families L have no such one.
template <class L, class F>
typename L::Variant other_form_of_tower(const typename L::Variant& tower, F&& f) {
  const auto change = [&](const auto& c) -> typename L::Variant {
    const auto other = f(Fusing<std::remove_cvref_t<decltype(c)>>{}, c);
    if constexpr (L::template contains<std::remove_cvref_t<decltype(other)>>) return other;
    else return c;
  };
  return std::visit(change, tower);
}

template <class F, class Change>
AnyConfigOf<F> other_form(const AnyConfigOf<F>& c, Change change) {
  return {c.embed_dim, other_form_of_tower<typename F::Images>(c.image, change),
          other_form_of_tower<typename F::Texts>(c.text, change), c.logit_bias};
}

}  // namespace detail

/// The configuration of the fused model, for inference: its towers with branches are fused ones.
template <class F>
AnyConfigOf<F> fused_config(const AnyConfigOf<F>& c) {
  return detail::other_form(c, [](auto family, const auto& tower) { return family.fused(tower); });
}
/// The configuration that a fused model was trained with: its fused towers are those with branches.
template <class F>
AnyConfigOf<F> branched_config(const AnyConfigOf<F>& c) {
  return detail::other_form(c, [](auto family, const auto& tower) { return family.branched(tower); });
}
/// Whether a tower is fused.
template <class F>
bool is_fused(const AnyConfigOf<F>& c) {
  return branched_config(c) != c;
}

/// The fused form of a model's constant: fused_config_of<mobileclip::S1>.
template <const auto& Config>
inline constexpr auto fused_config_of = [] {
  using OfImage = Fusing<std::remove_cvref_t<decltype(Config.image)>>;
  using OfText = Fusing<std::remove_cvref_t<decltype(Config.text)>>;
  return ClipConfig<typename OfImage::Fused, typename OfText::Fused>{Config.embed_dim, OfImage::fused(Config.image),
                                                                     OfText::fused(Config.text), Config.logit_bias};
}();

}  // namespace clip::inline CLIP_ABI
