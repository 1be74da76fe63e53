// clip/learn/context_learner.hpp: base of learners of context vectors: the model, the prompts, facts of the text tower.
#pragma once

#include <clip/autograd/walk.hpp>
#include <clip/learn/context_prompts.hpp>
#include <clip/tensor/parameter.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {

/// Calls f(encoder) with a text encoder, or with the one that an AnyTextEncoder holds.
template <class Text, class F>
decltype(auto) with_encoder(const Text& text, F&& f) {
  if constexpr (requires { text.visit(f); }) return text.visit(f);
  else return f(text);
}

/// The width of a text tower's rows.
template <class Text>
Index text_width(const Text& text) {
  return with_encoder(text, [](const auto& encoder) -> Index { return encoder.config().width; });
}

/// The width of a model's features.
template <class M>
Index embed_width(const M& model) {
  return with_encoder(model.text, [](const auto& encoder) -> Index { return encoder.tower.embed_dim; });
}

/// The rows of the token embedding of these ids. OptionError: a tower without such a table.
template <class T, class Text>
std::vector<T> token_embeddings(const Text& text, Ids ids) {
  return with_encoder(text, [&](const auto& encoder) {
    std::vector<T> values;
    const auto add = [&](const auto& table) {
      const auto width = static_cast<std::size_t>(table.view().cols);
      values.resize(ids.size() * width);
      auto backend = encoder.backend();
      for (std::size_t i = 0; i < ids.size(); ++i)
        backend.download(In<T>{table.view().middle_rows(ids[i], 1)}, std::span<T>(values).subspan(i * width, width));
    };
    if constexpr (requires { encoder.tower.token_embedding.shape; }) add(encoder.tower.token_embedding);
    else if constexpr (requires { encoder.tower.word_embedding.shape; }) add(encoder.tower.word_embedding);
    else raise(OptionError{"prompt learner", "words", "a text tower with one table of tokens", "another"});
    return values;
  });
}

/// Whether some statistics of a module would change on a tape that does not evaluate.
template <class Text>
bool has_statistics(const Text& text) {
  using T = typename std::remove_cvref_t<decltype(text.backend())>::Scalar;
  return std::ranges::any_of(named_parameters<T>(text),
                             [](const auto& named) { return named.parameter->kind == ParameterKind::buffer; });
}

/// OptionError: the tape would change the statistics of a frozen text tower.
template <class Cx>
void check_evaluation(Cx& cx, bool statistics) {
  if constexpr (Cx::recording)
    if (statistics && !cx.evaluating())
      raise(OptionError{"prompt learner", "tape", "one with TapeOptions::evaluation, as the text tower has batch norms",
                        "one without"});
}

/// What PromptLearner and CocoopLearner have in common: a model that stays as it is, and the prompts of the classes.
template <class M>
class ContextLearner {
 public:
  using B = std::remove_cvref_t<decltype(std::declval<const M&>().backend())>;
  using T = typename B::Scalar;
  /// Batch norms of the text tower keep their statistics: Trainer makes such a tape.
  static constexpr bool evaluation = true;

  const M& model() const { return *model_; }
  B& backend() { return backend_; }
  const B& backend() const { return backend_; }
  /// The names of the classes, with spaces.
  const std::vector<std::string>& labels() const& { return prompts_.labels(); }
  void labels() const&& = delete;
  Index class_count() const { return prompts_.size(); }
  /// The number of vectors in a prompt.
  Index context() const { return prompts_.context(); }
  Place place() const { return prompts_.place(); }

 protected:
  template <class Words>
  ContextLearner(const M& model, const Words& tokenizer, std::vector<std::string> names, const PromptOptions& options)
      : model_{&model}, prompts_{model.text_input(), tokenizer, std::move(names), options}, backend_{model.backend()},
        statistics_{has_statistics(model.text)} {}

  const M* model_;
  ContextPrompts prompts_;
  B backend_;
  bool statistics_;  // of batch norms in the text tower
};

}  // namespace detail

}  // namespace clip::inline CLIP_ABI
