// Lists of labels, templates and texts from files. Their reader and the classifier are compiled once, in lists.cpp.
#pragma once

#include "model.hpp"
#include "text.hpp"

#include <clip/io/text_list.hpp>
#include <clip/task/zero_shot.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace tool {

/// The texts of a file in the order of the file; the prompts of all classes, if it has prompts of classes.
clip::TextList texts_of(const std::string& file, const clip::TextListOptions& how);

/// The templates of a file, or "a photo of a {}." without one. OptionError: no or several placeholders in one of them,
/// with its line. LoadError: prompts of classes.
std::vector<std::string> templates_of(const std::string& file, bool lines = false);

/// Labels, and the prompts of each: its own, or those of the templates.
struct Classes {
  std::vector<std::string> labels, templates;
  std::vector<std::vector<std::string>> prompts;  // empty: templates

  std::size_t texts() const;
};
/// OptionError: prompts of classes and templates, or two files of prompts. LoadError: a label without prompts.
Classes classes_of(const std::string& labels, const clip::TextListOptions& how, const std::string& templates = {});

using Classifier = clip::ZeroShot<float, clip::dyn>;
/// InputError: a prompt that is too long, unless prompts are cut.
Classifier classifier(const Model& model, const Tokenizer& tokenizer, const Classes& classes, bool truncate);

}  // namespace tool
