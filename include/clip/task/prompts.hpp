// clip/task/prompts.hpp: sentences about classes: every name in every template.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/size.hpp>

#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// A sentence with one place for a name: "a photo of a {}."
class Template {
 public:
  /// OptionError: {} is not there, or more than once; `place` is the list it comes from.
  [[nodiscard]] static Result<Template> try_make(const std::string& text, const std::string& place = "template") {
    const auto at = text.find("{}");
    if (at == text.npos || text.find("{}", at + 2) != text.npos)
      return OptionError{place, "{} once, where the name goes", "\"a photo of a {}.\"", '"' + text + '"'};
    return Template{text.substr(0, at), text.substr(at + 2)};
  }

  std::string operator()(std::string_view name) const {
    std::string sentence = before_;
    return sentence.append(name).append(after_);
  }

 private:
  Template(std::string before, std::string after) : before_{std::move(before)}, after_{std::move(after)} {}
  std::string before_, after_;
};

/// The sentences of a list; "template 3" in errors is the fourth.
[[nodiscard]] inline Result<std::vector<Template>> try_templates(std::span<const std::string> texts) {
  std::vector<Template> all;
  for (const std::string& text : texts) {
    auto one = Template::try_make(text, "template " + std::to_string(all.size()));
    if (!one) return one.error();
    all.push_back(std::move(*one));
  }
  if (all.empty()) return OptionError{"templates", "number of templates", "1 or more", 0};
  return all;
}

/// The names of classes: one or several for each ("happy", "smiling"). What stands in a name is taken as it is: that "polar_bear" is
/// better written "polar bear" is the caller's to know.
class ClassNames {
 public:
  /// One name for each class.
  ClassNames(std::span<const std::string> names) {
    for (const std::string& name : names) names_.push_back({name});
  }
  ClassNames(const std::vector<std::string>& names) : ClassNames{std::span{names}} {}
  ClassNames(std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) names_.push_back({std::string(name)});
  }
  /// Several names for each; the first is the one shown.
  ClassNames(std::vector<std::vector<std::string>> names) : names_{std::move(names)} {
    for (std::size_t c = 0; c < names_.size(); ++c)
      if (names_[c].empty()) raise(OptionError{"class " + std::to_string(c), "number of names", "1 or more", 0});
  }

  Index size() const { return static_cast<Index>(names_.size()); }
  /// Of class c. Of a named object only.
  const std::vector<std::string>& operator[](Index c) const& { return names_[static_cast<std::size_t>(c)]; }
  void operator[](Index) const&& = delete;

 private:
  std::vector<std::vector<std::string>> names_;
};

}  // namespace clip::inline CLIP_ABI
