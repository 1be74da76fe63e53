// clip/task/prompts.inl.hpp: definitions of clip/task/prompts.hpp.
#pragma once

#include <clip/task/prompts.hpp>

#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

CLIP_HOST Result<Template> Template::try_make(const std::string& text, const std::string& place) {
  int count = 0;
  std::size_t begin = 0, end = 0;
  for (const std::string_view placeholder : {"{}", "{c}", "{label}"})
    for (auto at = text.find(placeholder); at != text.npos; at = text.find(placeholder, at + 1)) {
      ++count;
      begin = at;
      end = at + placeholder.size();
    }
  if (count != 1)
    return OptionError{place, "{}, {c} or {label} once, where the name goes", "\"a photo of a {}.\"", '"' + text + '"'};
  return Template{text.substr(0, begin), text.substr(end)};
}

CLIP_HOST std::string Template::operator()(std::string_view name) const {
  std::string sentence = before_;
  return sentence.append(name).append(after_);
}

CLIP_HOST Result<std::vector<Template>> try_templates(std::span<const std::string> texts) {
  std::vector<Template> all;
  for (const std::string& text : texts) {
    auto one = Template::try_make(text, "template " + std::to_string(all.size()));
    if (!one) return one.error();
    all.push_back(std::move(*one));
  }
  if (all.empty()) return OptionError{"templates", "number of templates", "1 or more", 0};
  return all;
}

CLIP_HOST ClassNames::ClassNames(std::span<const std::string> names) {
  for (const std::string& name : names) names_.push_back({name});
}

CLIP_HOST ClassNames::ClassNames(std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) names_.push_back({std::string(name)});
}

CLIP_HOST ClassNames::ClassNames(std::vector<std::vector<std::string>> names) : names_{std::move(names)} {
  for (std::size_t c = 0; c < names_.size(); ++c)
    if (names_[c].empty()) raise(OptionError{"class " + std::to_string(c), "number of names", "1 or more", 0});
}

CLIP_HOST ClassPrompts::ClassPrompts(std::vector<std::string> labels, std::vector<std::vector<std::string>> prompts)
    : labels_{std::move(labels)}, prompts_{std::move(prompts)} {
  if (labels_.size() != prompts_.size())
    raise(OptionError{"class prompts", "lists of prompts", labels_.size(), prompts_.size()});
  for (std::size_t c = 0; c < labels_.size(); ++c) {
    if (prompts_[c].empty()) raise(OptionError{"class " + std::to_string(c), "number of prompts", "1 or more", 0});
    for (std::string& prompt : prompts_[c])
      if (const auto sentence = Template::try_make(prompt)) prompt = (*sentence)(labels_[c]);
  }
}

}  // namespace clip::inline CLIP_ABI
