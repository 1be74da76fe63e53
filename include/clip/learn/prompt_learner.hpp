// clip/learn/prompt_learner.hpp: prompt learning: context vectors before class names (CoOp, Zhou et al. 2022).
#pragma once

#include <clip/autograd/inference.hpp>
#include <clip/autograd/walk.hpp>
#include <clip/learn/context_prompts.hpp>
#include <clip/learn/prompt_file.hpp>
#include <clip/loss/contrastive.hpp>
#include <clip/model/initialise.hpp>
#include <clip/model/storage.hpp>
#include <clip/task/zero_shot.hpp>
#include <clip/tensor/buffer.hpp>
#include <clip/tensor/tensor.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
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

}  // namespace detail

/// CoOp: learns the words before the class names of a zero-shot classifier. The model stays as it is; the only
/// parameter is `ctx`. A context that stands before the names is a prefix that all prompts share, and is computed once,
/// forward and backward.
///   PromptLearner prompt{model, tokenizer, {"cat", "dog"}, {.context = 16}};
///   Parameters learned{prompt};
///   Tape tape{learned};
///   const auto loss = cross_entropy(tape, prompt.logits(tape, constant(tape, image_features)), labels);
/// learn/train_prompts.hpp trains it. The model must outlive the learner.
template <class M>
class PromptLearner {
 public:
  using B = std::remove_cvref_t<decltype(std::declval<const M&>().backend())>;
  using T = typename B::Scalar;
  static constexpr Index embed_dim = M::embed_dim;
  /// Batch norms of the text tower keep their statistics: Trainer makes such a tape.
  static constexpr bool evaluation = true;

  /// Errors as ContextPrompts. OptionError: words for a text tower without a table of tokens.
  template <TokenizesTexts Words>
  PromptLearner(const M& model, const Words& tokenizer, std::vector<std::string> names,
                const PromptOptions& options = {})
      : model_{&model}, prompts_{model.text_input(), tokenizer, std::move(names), options},
        per_class_{options.per_class}, statistics_{detail::has_statistics(model.text)}, texts_{prompts_.batch()},
        ctx{{sets() * prompts_.context(), detail::text_width(model.text)}, Init::normal(0.02)},
        backend_{model.backend()}, values_{allocate_parameters(backend_, *this)} {
    for (Index c = 0; c < prompts_.size(); ++c) prompts_.add(texts_, c, per_class_ ? c * prompts_.context() : 0);
    if (prompts_.words().empty()) {
      initialise(*this, Rng{options.seed});
    } else {
      const std::vector<T> words = detail::token_embeddings<T>(model.text, prompts_.words());
      for (Index s = 0; s < sets(); ++s)
        backend_.upload(std::span<const T>(words), ctx.view().middle_rows(s * context(), context()));
    }
  }
  template <class Words>
  PromptLearner(const M&&, const Words&, std::vector<std::string>, const PromptOptions& = {}) = delete;

  const M& model() const { return *model_; }
  B& backend() { return backend_; }
  const B& backend() const { return backend_; }
  /// The names of the classes, with spaces.
  const std::vector<std::string>& labels() const& { return prompts_.labels(); }
  void labels() const&& = delete;
  Index classes() const { return prompts_.size(); }
  /// The number of vectors in a prompt.
  Index context() const { return prompts_.context(); }
  Place place() const { return prompts_.place(); }
  bool per_class() const { return per_class_; }
  /// The ids of the prompts; tokens/learned.hpp.
  const Texts& prompts() const& { return texts_; }
  void prompts() const&& = delete;

  /// (classes, E), not normalised, in a caller's context.
  template <class Cx>
  Rows<Cx, embed_dim> text_features(Cx& cx) const {
    detail::check_evaluation(cx, statistics_);
    if constexpr (Cx::recording) return model_->encode_prompts(cx, texts_, ctx);
    else return model_->encode_prompts(cx, texts_, Rows<Cx, dyn>{ctx.view()});
  }
  /// The same on the host.
  Features<T, embed_dim> text_features() const {
    Inference<B> cx{backend_};
    const auto y = text_features(cx);
    Features<T, embed_dim> features{y.rows(), y.cols()};
    cx.backend().download(In<T>{y.view}, features.values());
    return features;
  }

  /// exp(logit_scale) · cosine of every image with every class: (images, classes). image : (images, E), not normalised.
  template <class Cx, Index W>
  Rows<Cx, dyn> logits(Cx& cx, Rows<Cx, W> image) const {
    return clip::logits(cx, image, text_features(cx), model_->similarity);
  }

  /// The zero-shot classifier of these prompts: labels, probabilities, the best classes of an image.
  auto classifier() const { return detail::classifier(*model_, text_features(), prompts_.labels()); }

  static constexpr void members(auto& self, auto&& visit) { visit("ctx", self.ctx); }

 private:
  Index sets() const { return per_class_ ? prompts_.size() : 1; }

  const M* model_;
  ContextPrompts prompts_;
  bool per_class_, statistics_;
  Texts texts_;

 public:
  Parameter<T> ctx;  // (M, width), or (classes · M, width): row c M + i is vector i of class c

 private:
  B backend_;
  Buffer<B> values_;
};

template <class M, class Words, class... Rest>
PromptLearner(const M&, const Words&, Rest...) -> PromptLearner<M>;

namespace detail {
template <class T>
std::vector<double> as_doubles(std::span<const T> values) {
  return {values.begin(), values.end()};
}
}  // namespace detail

/// Writes a learned prompt atomically; learn/prompt_file.hpp describes the file. SystemError: disk or folder.
template <class M>
[[nodiscard]] Result<void> try_save_prompt(const PromptLearner<M>& prompt, const std::string& path) {
  using T = typename PromptLearner<M>::T;
  const auto features = normalized(prompt.text_features());
  std::vector<T> ctx(static_cast<std::size_t>(prompt.ctx.count()));
  auto backend = prompt.backend();
  backend.download(In<T>{prompt.ctx.view()}, std::span<T>(ctx));
  return try_write_prompt({.classes = prompt.labels(),
                           .place = prompt.place(),
                           .per_class = prompt.per_class(),
                           .context = prompt.context(),
                           .width = prompt.ctx.shape.cols(),
                           .embed_dim = features.width(),
                           .ctx = detail::as_doubles(std::span<const T>(ctx)),
                           .features = detail::as_doubles(features.values()),
                           .dtype = std::is_same_v<T, double> ? Dtype::f64 : Dtype::f32},
                          path);
}
template <class M>
void save_prompt(const PromptLearner<M>& prompt, const std::string& path) {
  try_save_prompt(prompt, path).value();
}

namespace detail {

/// The least cosine of the text features of a prompt with those in its file: types of less precision change them by
/// less, other models by more.
inline constexpr double least_prompt_cosine = 0.99;

/// Gives a learner the vectors of a file whose classes and shape it has. LoadError: the model's text features are not
/// the file's; the learner is then as before.
template <class M>
Result<void> try_take_prompt(PromptLearner<M>& prompt, const PromptFile& file, const std::string& path) {
  using T = typename PromptLearner<M>::T;
  if (const Index width = detail::embed_width(prompt.model()); file.embed_dim != width)
    return LoadError{path, "width of features", width, file.embed_dim};
  std::vector<T> before(file.ctx.size()), ctx(file.ctx.begin(), file.ctx.end());
  prompt.backend().download(In<T>{prompt.ctx.view()}, std::span<T>(before));
  prompt.backend().upload(std::span<const T>(ctx), prompt.ctx.view());
  const auto features = normalized(prompt.text_features());
  for (Index c = 0; c < prompt.classes(); ++c) {
    double cosine = 0;
    for (Index k = 0; k < features.width(); ++k)
      cosine += static_cast<double>(features[c][static_cast<std::size_t>(k)]) *
                file.features[static_cast<std::size_t>(c * features.width() + k)];
    if (cosine >= least_prompt_cosine) continue;
    prompt.backend().upload(std::span<const T>(before), prompt.ctx.view());
    return LoadError{path,
                     "cosine of the model's text feature of \"" + file.classes[static_cast<std::size_t>(c)] +
                         "\" with that of the model the prompt was learned with",
                     least_prompt_cosine, cosine};
  }
  return {};
}

}  // namespace detail

/// Gives a learner the context vectors of a file. LoadError: no such file; another model, other classes, another place
/// or number of vectors than the learner's; the learner is then as before.
template <class M>
[[nodiscard]] Result<void> try_load_prompt(PromptLearner<M>& prompt, const std::string& path) {
  const auto file = try_read_prompt(path);
  if (!file) return file.error();
  const Index width = prompt.ctx.shape.cols();
  if (file->width != width) return LoadError{path, "width of the context vectors", width, file->width};
  if (file->context != prompt.context()) return LoadError{path, "context vectors", prompt.context(), file->context};
  if (file->place != prompt.place())
    return LoadError{path, "place of the name", name_of(prompt.place()), name_of(file->place)};
  if (file->per_class != prompt.per_class())
    return LoadError{path, "contexts", prompt.per_class() ? "one per class" : "one for all classes",
                     file->per_class ? "one per class" : "one for all classes"};
  if (file->classes.size() != prompt.labels().size())
    return LoadError{path, "number of classes", prompt.classes(), file->classes.size()};
  for (std::size_t c = 0; c < file->classes.size(); ++c)
    if (file->classes[c] != prompt.labels()[c])
      return LoadError{path, "class " + std::to_string(c), prompt.labels()[c], file->classes[c]};
  return detail::try_take_prompt(prompt, *file, path);
}
template <class M>
void load_prompt(PromptLearner<M>& prompt, const std::string& path) {
  try_load_prompt(prompt, path).value();
}

/// The learner of a file, with its classes. Errors as load_prompt and PromptLearner.
///   const auto prompt = open_prompt(model, tokenizer, "prompt.safetensors");
///   const auto best = prompt.classifier().top(model.encode_image(image), 5);
template <class M, TokenizesTexts Words>
PromptLearner<M> open_prompt(const M& model, const Words& tokenizer, const std::string& path) {
  const PromptFile file = try_read_prompt(path).value();
  const Index width = detail::text_width(model.text);
  if (file.width != width) raise(LoadError{path, "width of the context vectors", width, file.width});
  PromptLearner<M> prompt{model, tokenizer, file.classes,
                          PromptOptions{.context = file.context, .place = file.place, .per_class = file.per_class}};
  detail::try_take_prompt(prompt, file, path).value();
  return prompt;
}

}  // namespace clip::inline CLIP_ABI
