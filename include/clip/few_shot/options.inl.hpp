// clip/few_shot/options.inl.hpp: definitions of clip/few_shot/options.hpp.
#pragma once

#include <clip/few_shot/options.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {

inline std::vector<std::uint64_t> read_numbers(JsonReader& file, const std::string& key) {
  std::vector<std::uint64_t> numbers;
  const Json* const list = file.value(key);
  const bool good = list != nullptr && list->is_array() &&
                    std::all_of(list->begin(), list->end(), [](const Json& x) { return x.is_number_unsigned(); });
  if (!good && list != nullptr)
    file.problem(key, "expected an array of integers of 0 or more, found " + json_in_words(*list));
  if (good)
    for (const Json& x : *list) numbers.push_back(x.get<std::uint64_t>());
  return numbers;
}

inline FewShotMethodChoice read_method(JsonReader& file, const std::string& key, const Json& value) {
  if (value.is_string()) return {.name = value.get<std::string>()};
  FewShotMethodChoice choice;
  if (!value.is_object() || !value.contains("name")) {
    file.problem(key, "expected a name, or an object with one, found " + json_in_words(value));
    return choice;
  }
  for (const auto& [name, option] : value.items()) {
    if (name != "name" && name != "label") choice.options[name] = option;
    else if (!option.is_string()) file.problem(key + '.' + name, "expected a string, found " + json_in_words(option));
    else (name == "name" ? choice.name : choice.label) = option.get<std::string>();
  }
  return choice;
}

/// "augmentation": true for CoOp's, or an object with what differs from it.
inline std::optional<FewShotAugmentation> read_augmentation(JsonReader& file) {
  const Json* const value = file.value("augmentation");
  if (value != nullptr && value->is_boolean())
    return value->get<bool>() ? std::optional{FewShotAugmentation{}} : std::nullopt;
  FewShotAugmentation read;
  JsonReader keys = file.object("augmentation");
  const auto range = [&](const char* key, std::array<double, 2>& to) {
    if (!keys.may_have(key)) return;
    if (const std::vector<double> both = keys.numbers(key, 2); both.size() == 2) std::ranges::copy(both, to.begin());
  };
  const auto number = [&](const char* key, double& to) {
    if (keys.may_have(key)) to = keys.number(key);
  };
  range("scale", read.how.crop.scale);
  range("ratio", read.how.crop.ratio);
  number("flip", read.how.flip);
  number("brightness", read.how.jitter.brightness);
  number("contrast", read.how.jitter.contrast);
  number("saturation", read.how.jitter.saturation);
  number("hue", read.how.jitter.hue);
  if (keys.may_have("views")) read.views = keys.integer("views", 1);
  return read;
}

template <class T>
Result<void> try_check_list(const std::string& key, const std::vector<T>& list, T least) {
  if (list.empty()) return OptionError{"few-shot", key, "1 or more", 0};
  for (const T& x : list) {
    if (x < least) return OptionError{"few-shot", key, std::to_string(least) + " or more", x};
    if (std::ranges::count(list, x) > 1)
      return OptionError{"few-shot", key, "different ones", std::to_string(x) + " twice"};
  }
  return {};
}

/// Letters, digits and some signs, so that the label is the name of a folder and a field of CSV, and no "..".
inline bool is_method_label(std::string_view label) {
  constexpr std::string_view signs = " -_+=.()";
  const auto good = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || signs.find(c) != signs.npos;
  };
  return !label.empty() && label.size() <= 100 && label.find_first_not_of('.') == 0 && std::ranges::all_of(label, good);
}

}  // namespace detail

CLIP_HOST FewShotOptions read_few_shot_options(JsonReader& file) {
  FewShotOptions options;
  if (const Json* const methods = file.value("methods")) {
    if (!methods->is_array()) file.problem("methods", "expected an array, found " + json_in_words(*methods));
    else
      for (const Json& method : *methods)
        options.methods.push_back(
            detail::read_method(file, "methods[" + std::to_string(options.methods.size()) + ']', method));
  }
  if (file.may_have("shots")) {
    options.shots.clear();
    for (const std::uint64_t k : detail::read_numbers(file, "shots"))
      options.shots.push_back(static_cast<Index>(std::min<std::uint64_t>(k, std::uint64_t{1} << 40)));
  }
  if (file.may_have("seeds")) options.seeds = detail::read_numbers(file, "seeds");
  if (file.may_have("templates")) options.templates = file.texts("templates");
  if (file.may_have("split")) {
    JsonReader split = file.object("split");
    options.split = {split.number("train"), split.number("validation")};
  }
  if (file.may_have("augmentation")) options.augmentation = detail::read_augmentation(file);
  if (file.may_have("cache")) options.cache = file.text("cache");
  if (file.may_have("title")) options.title = file.text("title");
  return options;
}

CLIP_HOST JsonTree json_of(const FewShotAugmentation& augmentation) {
  const auto& [crop, flip, jitter] = augmentation.how;
  JsonTree all = json_object("flip", flip, "brightness", jitter.brightness, "contrast", jitter.contrast, "saturation",
                             jitter.saturation, "hue", jitter.hue, "views", augmentation.views);
  all["scale"] = Json::array({crop.scale[0], crop.scale[1]});
  all["ratio"] = Json::array({crop.ratio[0], crop.ratio[1]});
  return all;
}

CLIP_HOST Result<void> try_check(const FewShotOptions& options) {
  if (options.output.empty()) return OptionError{"few-shot", "output", "the name of a folder", "none"};
  if (options.batch < 1) return OptionError{"few-shot", "batch", "1 or more", options.batch};
  if (auto good = detail::try_check_list<Index>("shots", options.shots, 1); !good) return good;
  if (auto good = detail::try_check_list<std::uint64_t>("seeds", options.seeds, 0); !good) return good;
  if (options.augmentation) {
    if (auto good = try_check(options.augmentation->how); !good) return good;
    if (options.augmentation->views < 1)
      return OptionError{"few-shot", "views of the augmentation", "1 or more", options.augmentation->views};
  }
  if (options.templates.empty()) return OptionError{"few-shot", "templates", "1 or more", 0};
  if (options.methods.empty()) return OptionError{"few-shot", "methods", "1 or more", 0};
  std::vector<std::string> labels;
  for (const FewShotMethodChoice& method : options.methods) {
    const std::string& label = method.label.empty() ? method.name : method.label;
    if (!detail::is_method_label(label))
      return OptionError{"few-shot", "label of a method",
                         "1 to 100 letters, digits, spaces and signs -_+=.() that do not begin with a point",
                         '"' + label + '"'};
    if (std::ranges::count(labels, label) > 0)
      return OptionError{"few-shot", "labels of methods", "different ones", '"' + label + "\" twice"};
    labels.push_back(label);
  }
  return {};
}

}  // namespace clip::inline CLIP_ABI
