// clip/checkpoint/fit.hpp: comparison of a file's statements with a model, and the configuration that fits the file.
#pragma once

#include <clip/checkpoint/infer.hpp>
#include <clip/model/owned.hpp>

#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace clip::inline CLIP_ABI::detail {

/// The families that a model's files are compared with; void for a single encoder or a user's aggregate, which do not
/// state all of their sizes.
template <class M>
struct FamiliesOfModel {
  using type = void;
};
template <class M>
  requires requires(const M& model) { typename FamiliesOfConfig<std::remove_cvref_t<decltype(model.config())>>::type; }
struct FamiliesOfModel<M> {
  using type = typename FamiliesOfConfig<std::remove_cvref_t<decltype(std::declval<const M&>().config())>>::type;
};
template <class M>
using FamiliesOf = typename FamiliesOfModel<M>::type;

/// A model that states all of its sizes.
template <class M>
concept DescribesItself = !std::is_void_v<FamiliesOf<M>>;

/// The families whose names a file may use: the model's, or all known ones.
template <class M>
using NamingFamilies = std::conditional_t<DescribesItself<M>, FamiliesOf<M>, KnownFamilies>;

/// The sizes of a configuration for a message.
template <class F>
std::string in_words(const AnyConfigOf<F>& c) {
  const auto tower = [](const auto& t) { return Description<std::remove_cvref_t<decltype(t)>>::in_words(t); };
  return "image size " + std::to_string(c.input().image_size) + ", " + std::visit(tower, c.image) + "; text " +
         std::visit(tower, c.text) + "; embedding " + std::to_string(c.embed_dim);
}

/// "; clip::ViT_B_16 would fit", or the sizes of a fitting model; empty if the file holds no such model, or fits.
template <class M>
std::string suggest_config(const M& model, const TensorFile& file) {
  if constexpr (DescribesItself<M>) {
    using F = FamiliesOf<M>;
    const AnyConfigOf<F> mine = model.config();
    const TowerStatement image = state(mine.image), text = state(mine.text);
    auto found = try_inspect<F>(file, {.activation = text.activation});
    if (!found)  // no rule determines the heads of some widths
      found = try_inspect<F>(file, {text.activation, image.heads, text.heads});
    if (!found || found->config == mine) return {};
    return found->constant.empty() ? "; a model that fits has " + in_words(found->config)
                                   : "; " + found->constant + " would fit";
  }
  return {};
}

/// Appends the differences between a file's statements about a tower and the model's configuration.
inline void compare_tower(std::string& wrong, const std::string& name, const TowerStatement& mine,
                          const TowerStatement& stated) {
  const auto differ = [&](const std::string& what, const std::string& expected, const std::string& found) {
    if (expected != found)
      wrong +=
          (wrong.empty() ? "" : "; ") + name + " " + what + ": expected " + expected + " (the model's), found " + found;
  };
  if (stated.activation && mine.activation)
    differ("activation", std::string(name_of(*mine.activation)), std::string(name_of(*stated.activation)));
  if (stated.heads > 0 && mine.heads > 0) differ("heads", std::to_string(mine.heads), std::to_string(stated.heads));
  if (stated.epsilon && mine.epsilon) differ("epsilon", in_words(*mine.epsilon), in_words(*stated.epsilon));
}

/// The statements of a single encoder's configuration.
template <class Config>
TowerStatement state_of_encoder(const Config& config) {
  if constexpr (requires { Description<Config>::state(config); }) return Description<Config>::state(config);
  else return state(config);
}

/// LoadError: the file states an activation, a number of heads or an epsilon other than the model's. Most files state
/// none of them.
template <class M>
Result<void> try_check_statements(const M& model, const TensorFile& file) {
  const auto stated = try_read_description<NamingFamilies<M>>(file);
  if (!stated) return stated.error();
  std::string wrong;
  if constexpr (DescribesItself<M>) {
    const AnyConfigOf<FamiliesOf<M>> mine = model.config();
    compare_tower(wrong, "image", state(mine.image), stated->image);
    compare_tower(wrong, "text", state(mine.text), stated->text);
  } else if constexpr (requires { M::half; }) {
    const bool image = M::half == Half::image;
    compare_tower(wrong, image ? "image" : "text", state_of_encoder(model.config()),
                  image ? stated->image : stated->text);
  }
  if (wrong.empty()) return {};
  return LoadError{file.place(), wrong + " (" + stated->place + ")" + suggest_config(model, file)}.with_id(
      "clip.load.settings");
}

}  // namespace clip::inline CLIP_ABI::detail
