// clip/model/catalogue.inl.hpp: definitions of clip/model/catalogue.hpp.
#pragma once

#include <clip/io/posix.hpp>
#include <clip/model/catalogue.hpp>
#include <clip/model/config_json.hpp>
#include <clip/model/spelling.hpp>

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace clip::inline CLIP_ABI {

template <class F>
const std::vector<NamedConfigOf<F>>& named_configs() {
  static const std::vector<NamedConfigOf<F>> all = [] {
    std::vector<NamedConfigOf<F>> list;
    const auto add = [&]<class Config>() {  // of pairs both of whose families are listed
      if constexpr (requires { AnyConfigOf<F>{Description<Config>::published.front().config}; })
        for (const auto& known : Description<Config>::published)
          list.push_back({known.name, known.constant, known.config});
    };
    F::Images::each(add);
    F::Texts::each(add);
    return list;
  }();
  return all;
}

template <class F>
const std::vector<NamedTextTower>& named_texts() {
  static const std::vector<NamedTextTower> all = [] {
    std::vector<NamedTextTower> list;
    F::Texts::each([&]<class Config>() {
      if constexpr (requires { Description<Config>::published_texts; })
        for (const auto& known : Description<Config>::published_texts)
          list.push_back({known.name, known.constant, known.embed_dim,
                          static_cast<Index>(Description<Config>::count_values(known.config, known.embed_dim))});
    });
    return list;
  }();
  return all;
}

namespace detail {
/// Sets details in which implementations of a tower differ as the published constants have them: GELU by tanh.
void without_implementation(auto& tower) {
  const auto apply = [](auto& c) {
    using D = Description<std::remove_cvref_t<decltype(c)>>;
    if (D::activation_by_implementation && D::state(c).activation == Activation::gelu)
      D::apply(c, TowerStatement{.activation = Activation::gelu_tanh});
    D::as_published(c);
  };
  std::visit(apply, tower);
}
}  // namespace detail

template <class F>
AnyConfigOf<F> as_published(AnyConfigOf<F> config) {
  config.preprocessing().color_order = ColorOrder::openai;
  config.preprocessing().resampling = Preprocessing{}.resampling;
  detail::without_implementation(config.image);
  detail::without_implementation(config.text);
  return config;
}

template <class F>
const NamedConfigOf<F>* find_named(AnyConfigOf<F> config) {
  const AnyConfigOf<F> wanted = as_published(std::move(config));
  for (const NamedConfigOf<F>& known : named_configs<F>())
    if (known.config == wanted) return &known;
  return nullptr;
}

namespace detail {

/// Whether every activation of a configuration is quick_gelu.
template <class F>
bool has_quick_gelu(const AnyConfigOf<F>& c) {
  const auto quick = [](const TowerStatement& tower) {
    return tower.activation.value_or(Activation::quick_gelu) == Activation::quick_gelu;
  };
  return quick(state(c.image)) && quick(state(c.text));
}

/// The published models that another spelling of a name may mean.
template <class F>
std::vector<const NamedConfigOf<F>*> spelt(const std::string& name) {
  const Spelling wanted = spelling_of(name);
  const std::string lower = lower_ascii(name);
  std::vector<const NamedConfigOf<F>*> models;
  for (const NamedConfigOf<F>& known : named_configs<F>()) {
    if (lower_ascii(std::string(known.name)) == lower) return {&known};
    Spelling found = spelling_of(known.name);
    if (found.source.empty()) found.source = "openai";
    if (found.architecture != wanted.architecture ||
        ((!wanted.source.empty() || is_always_named(found.source)) && found.source != wanted.source))
      continue;
    if (!wanted.quick_gelu || has_quick_gelu<F>(known.config)) models.push_back(&known);
  }
  return models;
}

}  // namespace detail

template <class F>
Result<AnyConfigOf<F>> try_find_config(const std::string& name_or_path) {
  std::string names;
  for (const NamedConfigOf<F>& known : named_configs<F>()) {
    if (known.name == name_or_path) return known.config;
    names += (names.empty() ? "" : ", ") + std::string(known.name);
  }
  if (name_or_path.ends_with(".json") || detail::is_there(name_or_path)) return try_read_config<F>(name_or_path);
  const auto meant = detail::spelt<F>(name_or_path);
  bool one = !meant.empty();
  std::string some;
  for (const NamedConfigOf<F>* const known : meant) {
    one = one && known->config == meant.front()->config;
    some += (some.empty() ? "" : ", ") + std::string(known->name);
  }
  if (one) return meant.front()->config;
  return OptionError{"model", "name",
                     some.empty() ? "a configuration file or one of " + names
                                  : "one of " + some + ", which differ in activation or preprocessing",
                     name_or_path}
      .with_id("clip.option.name");
}

}  // namespace clip::inline CLIP_ABI
