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
  const auto at = text.find("{}");
  if (at == text.npos || text.find("{}", at + 2) != text.npos)
    return OptionError{place, "{} once, where the name goes", "\"a photo of a {}.\"", '"' + text + '"'};
  return Template{text.substr(0, at), text.substr(at + 2)};
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

}  // namespace clip::inline CLIP_ABI
