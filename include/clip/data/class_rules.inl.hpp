// clip/data/class_rules.inl.hpp: definitions of clip/data/class_rules.hpp.
#pragma once

#include <clip/data/class_rules.hpp>
#include <clip/io/bytes.hpp>
#include <clip/io/file_bytes.hpp>
#include <clip/io/json.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

CLIP_HOST Result<ClassRules> try_class_rules(const Json& value, const std::string& place) {
  if (!value.is_object()) return LoadError{place, "rules", "an object", json_in_words(value)};
  ClassRules rules;
  for (const auto& [key, entry] : value.items()) {
    if (key == "drop" && entry.is_array()) {
      for (const Json& name : entry) {
        if (!name.is_string()) return LoadError{place, "drop", "a list of class names", json_in_words(name)};
        rules.drop.push_back(name.get<std::string>());
      }
    } else if (key == "rename" && entry.is_object()) {
      for (const auto& [old, name] : entry.items()) {
        if (!name.is_string()) return LoadError{place, "rename: " + old, "a class name", json_in_words(name)};
        rules.rename[old] = name.get<std::string>();
      }
    } else {
      return LoadError{place, "rules", R"({"drop": [name, …], "rename": {name: name, …}})",
                       '"' + key + "\": " + json_in_words(entry)};
    }
  }
  return rules;
}

CLIP_HOST Result<ClassRules> try_read_class_rules(const std::string& path) {
  const auto file = try_read_bytes(path);
  if (!file) return file.error();
  const auto json = try_parse_json(as_text(*file), path);
  if (!json) return json.error();
  return try_class_rules(*json, path);
}

CLIP_HOST Result<LabelledImages> try_apply(const ClassRules& rules, LabelledImages images) {
  const auto known = [&](const std::string& name) { return std::ranges::count(images.classes, name) != 0; };
  for (const std::string& name : rules.drop)
    if (!known(name)) return OptionError{images.place, "class to drop", "one of the dataset", '"' + name + '"'};
  for (const auto& [name, unused] : rules.rename)
    if (!known(name)) return OptionError{images.place, "class to rename", "one of the dataset", '"' + name + '"'};

  std::vector<std::int32_t> new_labels;  // of the old classes; -1: dropped
  std::vector<std::string> kept;
  for (const std::string& name : images.classes) {
    const bool dropped = std::ranges::count(rules.drop, name) != 0;
    new_labels.push_back(dropped ? -1 : static_cast<std::int32_t>(kept.size()));
    if (dropped) continue;
    const auto renamed = rules.rename.find(name);
    kept.push_back(renamed == rules.rename.end() ? name : renamed->second);
  }
  std::vector<Index> chosen;
  for (Index i = 0; i < images.size(); ++i) {
    std::int32_t& label = images.labels[static_cast<std::size_t>(i)];
    label = new_labels[static_cast<std::size_t>(label)];
    if (label >= 0) chosen.push_back(i);
  }
  images = subset(std::move(images), std::move(chosen));
  images.classes = std::move(kept);
  if (auto good = try_check(images); !good) return good.error();
  return images;
}

}  // namespace clip::inline CLIP_ABI
