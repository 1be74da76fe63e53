// clip/checkpoint/fit.inl.hpp: definitions of clip/checkpoint/fit.hpp.
#pragma once

#include <clip/checkpoint/compare.hpp>
#include <clip/checkpoint/description.hpp>
#include <clip/checkpoint/fit.hpp>
#include <clip/checkpoint/infer.hpp>
#include <clip/checkpoint/name_tables.hpp>

#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace clip::inline CLIP_ABI::detail {

/// The sizes of a configuration for a message.
template <class F>
std::string in_words(const AnyConfigOf<F>& c) {
  const auto tower = [](const auto& t) { return Description<std::remove_cvref_t<decltype(t)>>::in_words(t); };
  return "image size " + std::to_string(c.input().image_size) + ", " + std::visit(tower, c.image) + "; text " +
         std::visit(tower, c.text) + "; embedding " + std::to_string(c.embed_dim);
}

/// "; clip::ViT_B_16 would fit", or the sizes of a fitting model; empty if the model does not state its sizes, the file
/// holds no such model, or fits.
template <class F>
std::string suggest_config(const std::optional<AnyConfigOf<F>>& mine, const TensorFile& file) {
  if (!mine) return {};
  const TowerStatement image = state(mine->image), text = state(mine->text);
  auto found = try_inspect<F>(file, {.activation = text.activation});
  if (!found)  // no rule determines the heads of some widths
    found = try_inspect<F>(file, {text.activation, image.heads, text.heads});
  if (!found || found->config == *mine) return {};
  return found->constant.empty() ? "; a model that fits has " + in_words(found->config)
                                 : "; " + found->constant + " would fit";
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

/// LoadError: the file states an activation, a number of heads or an epsilon other than the model's.
template <class F>
Result<void> try_check_statements(const LoadTarget<F>& model, const TensorFile& file) {
  const auto stated = try_read_description<F>(file);
  if (!stated) return stated.error();
  std::string wrong;
  if (model.image) compare_tower(wrong, "image", *model.image, stated->image);
  if (model.text) compare_tower(wrong, "text", *model.text, stated->text);
  if (wrong.empty()) return {};
  return LoadError{file.place(), wrong + " (" + stated->place + ")" + suggest_config(model.config, file)}.with_id(
      "clip.load.settings");
}

template <class F>
Result<FittedFile> try_fit(const LoadTarget<F>& model, const TensorFile& in_any_dialect, const LoadOptions& options,
                           bool partial) {
  TensorFile file = in_openai_names<F>(in_any_dialect);
  if (options.positions != Interpolate::none) {
    auto stretched = try_stretch_positions(model.parameters, file, options.positions);
    if (!stretched) return stretched.error();
    file = std::move(*stretched);
  }
  auto c = compare(model.parameters, model.owns, file, options.ignored_prefix);
  std::string wrong;
  if (!partial) {
    add_names(wrong, "missing", c.missing);
    add_names(wrong, "not of this model", c.extra);
  }
  add_names(wrong, "that do not fit", c.misfit);
  if (!wrong.empty())
    return LoadError{file.place(), "names: " + wrong + suggest_config(model.config, file)}.with_id("clip.load.names");
  if (auto same = try_check_statements(model, file); !same) return same.error();
  return FittedFile{std::move(file), {std::move(c.missing), std::move(c.extra)}};
}

}  // namespace clip::inline CLIP_ABI::detail
