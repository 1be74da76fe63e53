// clip/learn/prompt_learner.hpp: prompt learning: context vectors before class names (CoOp, Zhou et al. 2022).
#pragma once

#include <clip/autograd/copy_parameters.hpp>
#include <clip/autograd/inference.hpp>
#include <clip/autograd/walk.hpp>
#include <clip/learn/context_learner.hpp>
#include <clip/learn/prompt_file.hpp>
#include <clip/learn/same_model.hpp>
#include <clip/loss/contrastive.hpp>
#include <clip/model/initialise.hpp>
#include <clip/model/storage.hpp>
#include <clip/task/zero_shot.hpp>
#include <clip/tensor/buffer.hpp>
#include <clip/tensor/tensor.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// CoOp: learns the words before the class names of a zero-shot classifier. The model stays as it is; the only
/// parameter is `ctx`. A context that stands before the names is a prefix that all prompts share, and is computed once,
/// forward and backward.
///   PromptLearner prompt{model, tokenizer, {"cat", "dog"}, {.context = 16}};
///   Parameters learned{prompt};
///   Tape tape{learned};
///   const auto loss = cross_entropy(tape, prompt.logits(tape, constant(tape, image_features)), labels);
/// learn/train_prompts.hpp trains it. The model must outlive the learner.
template <class M>
class PromptLearner : public detail::ContextLearner<M> {
  using Base = detail::ContextLearner<M>;
  using Base::backend_;
  using Base::model_;
  using Base::prompts_;
  using Base::statistics_;

 public:
  using B = typename Base::B;
  using T = typename Base::T;
  using Base::context;
  static constexpr Index embed_dim = M::embed_dim;

  /// Errors as ContextPrompts. OptionError: words for a text tower without a table of tokens.
  template <TokenizesTexts Words>
  PromptLearner(const M& model, const Words& tokenizer, std::vector<std::string> names,
                const PromptOptions& options = {})
      : Base{model, tokenizer, std::move(names), options}, per_class_{options.per_class}, texts_{prompts_.batch()},
        ctx{{sets() * context(), detail::text_width(model.text)}, Init::normal(0.02)}, values_{allocate_parameters(
                                                                                           backend_, *this)} {
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

  bool per_class_;
  Texts texts_;

 public:
  Parameter<T> ctx;  // (M, width), or (classes · M, width): row c M + i is vector i of class c

 private:
  Buffer<B> values_;
};

template <class M, class Words, class... Rest>
PromptLearner(const M&, const Words&, Rest...) -> PromptLearner<M>;

namespace detail {
template <class T>
std::vector<double> as_doubles(std::span<const T> values) {
  return {values.begin(), values.end()};
}

/// The tensors of a learner's meta-net; a PromptLearner has none.
template <class Learner>
std::vector<PromptTensor> meta_net_tensors(const Learner& prompt) {
  std::vector<PromptTensor> tensors;
  if constexpr (requires { prompt.meta_net; }) {
    auto backend = prompt.backend();
    for (const auto& [name, p] : named_parameters<typename Learner::T>(prompt.meta_net)) {
      const auto extents = std::span(p->shape.extent).first(static_cast<std::size_t>(p->shape.rank));
      tensors.push_back({name, {extents.begin(), extents.end()}, values_of_parameter(backend, *p)});
    }
  }
  return tensors;
}

/// Gives a learner the meta-net of a file. LoadError: it has other tensors; the learner is then as before.
template <class Learner>
Result<void> try_take_meta_net(Learner& prompt, const PromptFile& file, const std::string& path) {
  const std::vector<PromptTensor> own = meta_net_tensors(prompt);
  if (own.size() != file.meta_net.size())
    return LoadError{path, "tensors of CoCoOp's meta-net", own.size(), file.meta_net.size()};
  for (std::size_t i = 0; i < own.size(); ++i)
    if (own[i].shape != file.meta_net[i].shape)
      return LoadError{path, "values of meta_net." + own[i].name, own[i].values.size(), file.meta_net[i].values.size()};
  if constexpr (requires { prompt.meta_net; }) {
    std::size_t i = 0;
    for (const auto& [name, p] : named_parameters<typename Learner::T>(prompt.meta_net))
      set_parameter(prompt.backend(), file.meta_net[i++].values, *p);
  }
  return {};
}
}  // namespace detail

/// Writes what a PromptLearner or a CocoopLearner has learned atomically; learn/prompt_file.hpp describes the file.
/// SystemError: disk or folder.
template <template <class> class Learner, class M>
[[nodiscard]] Result<void> try_save_prompt(const Learner<M>& prompt, const std::string& path) {
  using T = typename Learner<M>::T;
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
                           .meta_net = detail::meta_net_tensors(prompt),
                           .dtype = std::is_same_v<T, double> ? Dtype::f64 : Dtype::f32},
                          path);
}
template <template <class> class Learner, class M>
void save_prompt(const Learner<M>& prompt, const std::string& path) {
  try_save_prompt(prompt, path).value();
}

namespace detail {

/// Gives a learner the vectors of a file whose classes and shape it has. LoadError: the model's text features are not
/// the file's; the learner is then as before.
template <template <class> class Learner, class M>
Result<void> try_take_prompt(Learner<M>& prompt, const PromptFile& file, const std::string& path) {
  using T = typename Learner<M>::T;
  if (const Index width = detail::embed_width(prompt.model()); file.embed_dim != width)
    return LoadError{path, "width of features", width, file.embed_dim};
  std::vector<T> before(file.ctx.size()), ctx(file.ctx.begin(), file.ctx.end());
  prompt.backend().download(In<T>{prompt.ctx.view()}, std::span<T>(before));
  prompt.backend().upload(std::span<const T>(ctx), prompt.ctx.view());
  const auto features = normalized(prompt.text_features());
  for (Index c = 0; c < prompt.class_count(); ++c) {
    const auto width = static_cast<std::size_t>(features.width());
    const double found =
        cosine(features[c], std::span<const double>(file.features).subspan(static_cast<std::size_t>(c) * width, width));
    if (found >= least_cosine_of_same_model) continue;
    prompt.backend().upload(std::span<const T>(before), prompt.ctx.view());
    return LoadError{path,
                     "cosine of the model's text feature of \"" + file.classes[static_cast<std::size_t>(c)] +
                         "\" with that of the model the prompt was learned with",
                     least_cosine_of_same_model, found};
  }
  auto taken = try_take_meta_net(prompt, file, path);
  if (!taken) prompt.backend().upload(std::span<const T>(before), prompt.ctx.view());
  return taken;
}

}  // namespace detail

/// Gives a PromptLearner or a CocoopLearner what a file holds. LoadError: no such file; another model, other classes,
/// another place or number of vectors, another meta-net than the learner's; the learner is then as before.
template <template <class> class Learner, class M>
[[nodiscard]] Result<void> try_load_prompt(Learner<M>& prompt, const std::string& path) {
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
    return LoadError{path, "number of classes", prompt.class_count(), file->classes.size()};
  for (std::size_t c = 0; c < file->classes.size(); ++c)
    if (file->classes[c] != prompt.labels()[c])
      return LoadError{path, "class " + std::to_string(c), prompt.labels()[c], file->classes[c]};
  return detail::try_take_prompt(prompt, *file, path);
}
template <template <class> class Learner, class M>
void load_prompt(Learner<M>& prompt, const std::string& path) {
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
