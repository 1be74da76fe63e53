// clip/task/prompts.hpp: prompt templates and class names of zero-shot classification.
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

/// A sentence with a placeholder for a name: "a photo of a {}."
class Template {
 public:
  /// OptionError: {} is missing or repeated; `place` is the list of templates, for the error.
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

/// The templates of a list. Errors count from 0: "template 3" is the fourth.
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

/// The names of classes, one or several per class ("happy", "smiling"). Names are used verbatim: the caller writes
/// "polar bear" instead of "polar_bear".
class ClassNames {
 public:
  /// One name per class.
  ClassNames(std::span<const std::string> names) {
    for (const std::string& name : names) names_.push_back({name});
  }
  ClassNames(const std::vector<std::string>& names) : ClassNames{std::span{names}} {}
  ClassNames(std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) names_.push_back({std::string(name)});
  }
  /// Several names per class; the first one is the label.
  ClassNames(std::vector<std::vector<std::string>> names) : names_{std::move(names)} {
    for (std::size_t c = 0; c < names_.size(); ++c)
      if (names_[c].empty()) raise(OptionError{"class " + std::to_string(c), "number of names", "1 or more", 0});
  }

  Index size() const { return static_cast<Index>(names_.size()); }
  /// The names of class c. Deleted for temporaries.
  const std::vector<std::string>& operator[](Index c) const& { return names_[static_cast<std::size_t>(c)]; }
  void operator[](Index) const&& = delete;

 private:
  std::vector<std::vector<std::string>> names_;
};

}  // namespace clip::inline CLIP_ABI
