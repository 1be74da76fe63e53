// clip/checkpoint/fit.hpp: where a file is not of a model: what the file is instead.
#pragma once

#include <clip/checkpoint/infer.hpp>

#include <concepts>
#include <string>
#include <type_traits>
#include <variant>

namespace clip::inline CLIP_ABI::detail {

/// A model that can say all of its sizes; a single encoder cannot be told apart by them.
template <class M>
concept DescribesItself = requires(const M& model) {
  { model.config() } -> std::convertible_to<AnyConfig>;
};

inline std::string in_words(const VitConfig& c) {
  return "patch " + std::to_string(c.patch_size) + ", width " + std::to_string(c.width) + ", layers " +
         std::to_string(c.layers) + ", heads " + std::to_string(c.heads) + ", " + std::string(name_of(c.activation));
}
inline std::string in_words(const ResNetConfig& c) {
  std::string stages;
  for (const Index n : c.layers) stages += (stages.empty() ? "" : " + ") + std::to_string(n);
  return "a residual network of width " + std::to_string(c.width) + ", layers " + stages;
}
inline std::string in_words(const AnyConfig& c) {
  const auto n = [](Index value) { return std::to_string(value); };
  return "image size " + n(c.input().image_size) + ", " +
         std::visit([](const auto& tower) { return in_words(tower); }, c.image) + "; text context " +
         n(c.text.context) + ", vocabulary " + n(c.text.vocabulary) + ", width " + n(c.text.width) + ", layers " +
         n(c.text.layers) + ", heads " + n(c.text.heads) + ", " + std::string(name_of(c.text.activation)) +
         "; embedding " + n(c.embed_dim);
}

/// "; clip::ViT_B_16 would fit", or the sizes of a model that would; nothing where the file is no such model, or this one.
template <class M>
std::string what_fits(const M& model, const TensorFile& file) {
  if constexpr (DescribesItself<M>) {
    const AnyConfig mine = model.config();
    const auto* const vit = std::get_if<VitConfig>(&mine.image);
    auto found = try_inspect(file, {.activation = mine.text.activation});
    if (!found)
      found = try_inspect(
          file, {mine.text.activation, vit ? vit->heads : 0, mine.text.heads});  // widths whose heads no rule tells
    if (!found || found->config == mine) return {};
    return found->constant.empty() ? "; a model that fits has " + in_words(found->config)
                                   : "; " + found->constant + " would fit";
  }
  return {};
}

/// What a file states of a tower besides its shapes, and the tower's configuration does not have.
template <class Tower>
void compare_tower(std::string& wrong, const std::string& name, const Tower& mine, const DescribedTower& stated) {
  const auto differ = [&](const std::string& what, const std::string& expected, const std::string& found) {
    if (expected != found)
      wrong +=
          (wrong.empty() ? "" : "; ") + name + " " + what + ": expected " + expected + " (the model's), found " + found;
  };
  if (stated.activation)
    differ("activation", std::string(name_of(mine.activation)), std::string(name_of(*stated.activation)));
  if (stated.heads > 0) differ("heads", std::to_string(mine.heads), std::to_string(stated.heads));
  if (stated.epsilon) differ("epsilon", detail::in_words(mine.epsilon.value), detail::in_words(*stated.epsilon));
}

/// LoadError where a model's activation, heads or epsilon are not those a file states. Most files state none of them.
template <class M>
Result<void> try_check_statements(const M& model, const TensorFile& file) {
  const auto stated = try_read_description(file);
  if (!stated) return stated.error();
  std::string wrong;
  const auto tower = [&](const auto& config) {
    using Config = std::remove_cvref_t<decltype(config)>;
    if constexpr (std::is_same_v<Config, VitConfig>) compare_tower(wrong, "image", config, stated->image);
    if constexpr (std::is_same_v<Config, TextConfig>) compare_tower(wrong, "text", config, stated->text);
  };
  if constexpr (DescribesItself<M>) {
    const AnyConfig mine = model.config();
    std::visit(tower, mine.image);
    tower(mine.text);
  } else if constexpr (requires { model.config(); }) {
    tower(model.config());
  }
  if (wrong.empty()) return {};
  return LoadError{file.place(), wrong + " (" + stated->place + ")" + what_fits(model, file)};
}

}  // namespace clip::inline CLIP_ABI::detail
