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

/// A sentence with a placeholder for a name: "a photo of a {}.", also written {c} or {label}.
class Template {
 public:
  /// OptionError: the placeholder is missing or repeated; `place` is the list of templates, for the error.
  [[nodiscard]] static CLIP_HOST Result<Template> try_make(const std::string& text,
                                                           const std::string& place = "template");

  CLIP_HOST std::string operator()(std::string_view name) const;

 private:
  Template(std::string before, std::string after) : before_{std::move(before)}, after_{std::move(after)} {}
  std::string before_, after_;
};

/// The templates of a list. Errors count from 0: "template 3" is the fourth.
[[nodiscard]] CLIP_HOST Result<std::vector<Template>> try_templates(std::span<const std::string> texts);

/// The names of classes, one or several per class ("happy", "smiling"). Names are used verbatim: the caller writes
/// "polar bear" instead of "polar_bear".
class ClassNames {
 public:
  /// One name per class.
  CLIP_HOST ClassNames(std::span<const std::string> names);
  ClassNames(const std::vector<std::string>& names) : ClassNames{std::span{names}} {}
  CLIP_HOST ClassNames(std::initializer_list<std::string_view> names);
  /// Several names per class; the first one is the label.
  CLIP_HOST ClassNames(std::vector<std::vector<std::string>> names);

  Index size() const { return static_cast<Index>(names_.size()); }
  /// The names of class c. Deleted for temporaries.
  const std::vector<std::string>& operator[](Index c) const& { return names_[static_cast<std::size_t>(c)]; }
  void operator[](Index) const&& = delete;

 private:
  std::vector<std::vector<std::string>> names_;
};

/// Classes with prompts of their own, such as descriptions by a language model (CuPL, Pratt et al. 2022). A placeholder
/// in a prompt stands for the label.
class ClassPrompts {
 public:
  /// OptionError: not one list per label, or an empty list.
  CLIP_HOST ClassPrompts(std::vector<std::string> labels, std::vector<std::vector<std::string>> prompts);

  Index size() const { return static_cast<Index>(labels_.size()); }
  const std::vector<std::string>& labels() const& { return labels_; }
  /// The prompts of class c. Deleted for temporaries.
  const std::vector<std::string>& operator[](Index c) const& { return prompts_[static_cast<std::size_t>(c)]; }
  void operator[](Index) const&& = delete;

 private:
  std::vector<std::string> labels_;
  std::vector<std::vector<std::string>> prompts_;
};

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/task/prompts.inl.hpp>
#endif
