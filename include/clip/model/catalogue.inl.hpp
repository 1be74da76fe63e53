// clip/model/catalogue.inl.hpp: definitions of clip/model/catalogue.hpp.
#pragma once

#include <clip/io/posix.hpp>
#include <clip/model/catalogue.hpp>
#include <clip/model/config_json.hpp>

#include <string>
#include <vector>

namespace clip::inline CLIP_ABI {

template <class F>
const std::vector<NamedConfigOf<F>>& named_configs() {
  static const std::vector<NamedConfigOf<F>> all = [] {
    std::vector<NamedConfigOf<F>> list;
    F::Images::each([&]<class Config>() {
      for (const auto& known : Description<Config>::published)
        list.push_back({known.name, known.constant, known.config});
    });
    return list;
  }();
  return all;
}

template <class F>
const NamedConfigOf<F>* find_named(AnyConfigOf<F> config) {
  config.preprocessing().color_order = ColorOrder::openai;
  config.preprocessing().resampling = Preprocessing{}.resampling;
  for (const NamedConfigOf<F>& known : named_configs<F>())
    if (known.config == config) return &known;
  return nullptr;
}

template <class F>
Result<AnyConfigOf<F>> try_find_config(const std::string& name_or_path) {
  std::string names;
  for (const NamedConfigOf<F>& known : named_configs<F>()) {
    if (known.name == name_or_path) return known.config;
    names += (names.empty() ? "" : ", ") + std::string(known.name);
  }
  if (name_or_path.ends_with(".json") || detail::is_there(name_or_path)) return try_read_config<F>(name_or_path);
  return OptionError{"model", "name", "a configuration file or one of " + names, name_or_path}.with_id(
      "clip.option.name");
}

}  // namespace clip::inline CLIP_ABI
