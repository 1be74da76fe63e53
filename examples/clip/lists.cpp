#include "lists.hpp"

#include "input.hpp"

#include <algorithm>
#include <utility>

namespace tool {
namespace {

/// Checked here, so that the error names the line.
std::vector<std::string> checked(const clip::TextList& templates) {
  for (std::size_t i = 0; i < templates.size(); ++i)
    if (const auto good = clip::Template::try_make(templates.texts[i], templates.where(i)); !good)
      clip::raise(good.error());
  return templates.texts;
}

std::vector<std::vector<std::string>> prompts_of(const std::vector<std::string>& labels, const clip::TextList& list) {
  std::vector<std::vector<std::string>> prompts;
  for (const std::string& label : labels) {
    const auto found = std::ranges::find(list.texts, label);
    if (found == list.texts.end())
      clip::raise(clip::LoadError{list.place, "prompts of \"" + label + '"', "a list", "none"});
    prompts.push_back(list.prompts[static_cast<std::size_t>(found - list.texts.begin())]);
  }
  return prompts;
}

}  // namespace

clip::TextList texts_of(const std::string& file, const clip::TextListOptions& how) {
  clip::TextList list = read_list(file, how);
  if (list.prompts.empty()) return list;
  list.texts.clear();
  for (const auto& prompts : std::exchange(list.prompts, {}))
    list.texts.insert(list.texts.end(), prompts.begin(), prompts.end());
  return list;
}

std::vector<std::string> templates_of(const std::string& file, bool lines) {
  if (file.empty()) return {"a photo of a {}."};
  const auto list = read_list(file, {.lines = lines});
  if (!list.prompts.empty()) clip::raise(clip::LoadError{list.place, "content", "templates", "prompts of classes"});
  return checked(list);
}

std::size_t Classes::texts() const {
  std::size_t n = labels.size() * templates.size();
  for (const auto& own : prompts) n += own.size();
  return n;
}

Classes classes_of(const std::string& labels, const clip::TextListOptions& how, const std::string& templates) {
  const clip::TextList list = read_list_or_words(labels, how);
  if (!list.prompts.empty()) {
    if (!templates.empty())
      clip::raise(clip::OptionError{list.place, "templates for labels with prompts of their own", "none", templates});
    return {list.texts, {}, list.prompts};
  }
  if (templates.empty()) return {list.texts, templates_of(""), {}};
  const clip::TextList sentences = read_list(templates, {.lines = how.lines});
  if (sentences.prompts.empty()) return {list.texts, checked(sentences), {}};
  return {list.texts, {}, prompts_of(list.texts, sentences)};
}

Classifier classifier(const Model& model, const Tokenizer& tokenizer, const Classes& classes, bool truncate) {
  const auto too_long = truncate ? clip::TooLong::truncate : clip::TooLong::error;
  try {
    auto made = classes.prompts.empty()
                    ? clip::zero_shot(model, tokenizer, classes.labels, classes.templates, too_long)
                    : clip::zero_shot(model, tokenizer, clip::ClassPrompts{classes.labels, classes.prompts}, too_long);
    for (clip::Index c = 0; c < made.classes().size(); ++c)
      model.try_finite(made.classes()[c], "text", "label \"" + std::string(made.label(c)) + '"').value();
    return made;
  } catch (const clip::InputError& e) {
    if (e.id() != "clip.input.tokens") throw;
    throw text_error("prompt" + e.place().substr(std::min(e.place().find(" ("), e.place().size())), e);
  }
}

}  // namespace tool
