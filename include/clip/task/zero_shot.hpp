// clip/task/zero_shot.hpp: zero-shot classification by class names (Radford et al. 2021 §3.1).
#pragma once

#include <clip/autograd/borrow.hpp>
#include <clip/autograd/inference.hpp>
#include <clip/backend/cpu.hpp>
#include <clip/core/stop.hpp>
#include <clip/model/text_input.hpp>
#include <clip/ops/linear.hpp>
#include <clip/ops/norms.hpp>
#include <clip/task/probabilities.hpp>
#include <clip/task/prompts.hpp>
#include <clip/task/similarities.hpp>
#include <clip/tokenizer/options.hpp>
#include <clip/tokens/texts.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// A class and its cosine with an image. `label` points into the classifier.
template <class T>
struct SimilarClass {
  Index index;
  std::string_view label;
  T similarity;  // a cosine
};

/// A class and its probability for an image; the probabilities of all classes sum to one.
template <class T>
struct ProbableClass {
  Index index;
  std::string_view label;
  T probability;
};

/// A class and the probability that it fits an image, whatever the others do (MatchProbabilities).
template <class T>
struct MatchingClass {
  Index index;
  std::string_view label;
  T probability;
};

/// A zero-shot classifier: one unit-length vector per class.
template <class T, Index E, Backend B = Cpu<T>>
class ZeroShot {
 public:
  /// labels: one per class, or none. temperature: exp(logit_scale) of the model, the factor on cosines before the
  /// softmax. backend: the model's; it computes the cosines. bias: logit_bias of a model that has one.
  ZeroShot(Features<T, E> classes, std::vector<std::string> labels, double temperature, B backend,
           std::optional<double> bias = std::nullopt)
      : classes_{normalized(std::move(classes))}, labels_{std::move(labels)},
        temperature_{temperature}, bias_{bias}, backend_{std::move(backend)} {
    if (!labels_.empty() && std::cmp_not_equal(labels_.size(), classes_.size()))
      raise(ShapeError{"zero_shot", "labels", classes_.size(), labels_.size()});
  }

  /// A classifier on one CPU thread.
  explicit ZeroShot(Features<T, E> classes, std::vector<std::string> labels = {}, double temperature = 100)
      : ZeroShot{std::move(classes), std::move(labels), temperature, Cpu<T>{{.threads = 1}}} {}

  const Features<T, E>& classes() const { return classes_; }
  /// The label of class c; empty without labels.
  std::string_view label(Index c) const {
    return labels_.empty() ? std::string_view{} : labels_[static_cast<std::size_t>(c)];
  }

  /// Cosines of image features (not normalised) with every class.
  Similarities<T> operator()(const Features<T, E>& images) const {
    Similarities<T> cosines{Tensor<T>{{images.size(), classes_.size()}}};
    Inference<B> cx{backend_};
    const auto y = (*this)(cx, detail::borrow(cx, images.view(), Size<E>{images.width()}));
    cx.backend().download(In<T>{y.view}, cosines.values.values());
    return cosines;
  }
  /// Whether the model's similarities have a bias, so that every class has a probability of its own.
  bool biased() const { return bias_.has_value(); }
  /// σ(temperature · cosine + bias) of every class. OptionError: a model without a bias.
  MatchProbabilities<T> match_probabilities(const Features<T, E>& images) const {
    return {(*this)(images), temperature_, bias()};
  }
  /// Softmax over the classes of temperature · cosine.
  Probabilities<T> probabilities(const Features<T, E>& images) const { return {(*this)(images), temperature_}; }

  /// Cosines of features in the caller's context: (images, classes) in the backend's memory, valid until the context's
  /// next pass.
  template <class Cx, Index W>
  Rows<Cx, dyn> operator()(Cx& cx, Rows<Cx, W> images) const {
    if (images.cols() != classes_.width())
      raise(ShapeError{"zero_shot", "feature width", classes_.width(), images.cols()});
    return matmul_nt(cx, normalize(cx, images), detail::borrow(cx, classes_.view(), Size<E>{classes_.width()}));
  }
  /// Probabilities of features in the caller's context, written to host memory: (images, classes).
  template <class Cx, Index W>
  void probabilities(Cx& cx, Rows<Cx, W> images, std::span<T> to) const {
    const Index count = images.rows() * classes_.size();
    if (std::cmp_not_equal(to.size(), count))
      raise(ShapeError{"zero_shot", "values for the probabilities", count, to.size()});
    const auto cosines = (*this)(cx, images);
    cx.backend().download(In<typename Cx::Scalar>{cosines.view}, to);
    detail::softmax_rows(View<T>{to.data(), cosines.rows(), cosines.cols()}, temperature_);
  }

  /// The k classes most similar to an image, in descending order, equal ones by index. ShapeError: not exactly one
  /// image.
  std::vector<SimilarClass<T>> top(const Features<T, E>& image, Index k) const& {
    const auto cosines = (*this)(one(image));
    std::vector<SimilarClass<T>> best;
    for (const Index c : clip::top(cosines[0], k)) best.push_back({c, label(c), cosines(0, c)});
    return best;
  }
  /// The same with probabilities.
  std::vector<ProbableClass<T>> top_probable(const Features<T, E>& image, Index k) const& {
    const auto p = probabilities(one(image));
    std::vector<ProbableClass<T>> best;
    for (const Index c : clip::top(p[0], k)) best.push_back({c, label(c), p[0][static_cast<std::size_t>(c)]});
    return best;
  }
  /// The k classes that fit an image best, with the probability of each. OptionError: a model without a bias.
  std::vector<MatchingClass<T>> top_matching(const Features<T, E>& image, Index k) const& {
    const auto p = match_probabilities(one(image));
    std::vector<MatchingClass<T>> best;
    for (const Index c : clip::top(p[0], k)) best.push_back({c, label(c), p[0][static_cast<std::size_t>(c)]});
    return best;
  }
  /// Deleted for temporaries: labels would dangle.
  void top(const Features<T, E>&, Index) const&& = delete;
  void top_probable(const Features<T, E>&, Index) const&& = delete;
  void top_matching(const Features<T, E>&, Index) const&& = delete;

 private:
  static const Features<T, E>& one(const Features<T, E>& image) {
    if (image.size() != 1) raise(ShapeError{"zero_shot", "images", 1, image.size()});
    return image;
  }

  double bias() const {
    if (!bias_) raise(OptionError{"zero_shot", "a model whose similarities have a bias, as SigLIP's"});
    return *bias_;
  }

  Features<T, E> classes_;
  std::vector<std::string> labels_;
  double temperature_;
  std::optional<double> bias_;
  B backend_;
};
template <class T, Index E, class... Rest>
ZeroShot(Features<T, E>, Rest...) -> ZeroShot<T, E>;
template <class T, Index E, Backend B>
ZeroShot(Features<T, E>, std::vector<std::string>, double, B) -> ZeroShot<T, E, B>;
template <class T, Index E, Backend B>
ZeroShot(Features<T, E>, std::vector<std::string>, double, B, std::optional<double>) -> ZeroShot<T, E, B>;

namespace detail {

/// The model's temperature; 100 for a text encoder alone, the final value of OpenAI's models.
template <class M>
double temperature_of(const M& model) {
  if constexpr (requires { model.similarity; }) return model.similarity.temperature();
  else if constexpr (requires { model.temperature(); }) return model.temperature();
  else return 100;
}

/// The model's bias, if it has one.
template <class M>
std::optional<double> bias_of(const M& model) {
  if constexpr (requires { model.similarity; }) {
    if (model.similarity.biased()) return model.similarity.bias();
  } else if constexpr (requires { model.bias(); }) {
    return model.bias();
  }
  return std::nullopt;
}

/// A classifier on the model's backend, or on one CPU thread if the model has no backend().
template <class M, class T, Index E>
auto classifier(const M& model, Features<T, E> classes, std::vector<std::string> labels) {
  const auto backend = [&] {
    if constexpr (requires { model.backend(); }) return model.backend();
    else return Cpu<T>{{.threads = 1}};
  }();
  return ZeroShot{std::move(classes), std::move(labels), temperature_of(model), backend, bias_of(model)};
}

/// A prompt and its class.
using ClassPrompt = std::pair<Index, std::string>;

/// Adds the direction of each prompt to the vector of its class, one of `classes`. Makes the vectors if there are none.
template <class Sums, class M, class Words>
void add_directions(Sums& sums, Index classes, const M& model, const Words& tokenizer,
                    std::span<const ClassPrompt> prompts, TooLong too_long) {
  check_stop("zero_shot");
  std::vector<std::string> texts;
  for (const ClassPrompt& prompt : prompts) texts.push_back(prompt.second);
  const auto unit = normalized(
      model.encode_text(tokenizer(std::span<const std::string>{texts},
                                  TokenizeOptions{.context = model.text_input().context, .too_long = too_long})));
  if (sums.empty()) sums = Sums{classes, unit.width()};
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    const auto sum = sums[prompts[i].first];
    for (std::size_t k = 0; k < sum.size(); ++k) sum[k] += unit[static_cast<Index>(i)][k];
  }
}

}  // namespace detail

/// A function from strings to token ids.
template <class Words>
concept TokenizesTexts = requires(const Words& tokenizer, std::span<const std::string> texts,
                                  const TokenizeOptions& options) {
  { tokenizer(texts, options) } -> std::same_as<Texts>;
};

namespace detail {

/// Checks the vocabulary of a tokenizer that states one, before it reads long lists of texts.
template <class M, class Words>
void check_vocabulary(const M& model, const Words& tokenizer) {
  if constexpr (requires { try_check_vocabulary(model.text_input(), tokenizer.vocabulary()); })
    try_check_vocabulary(model.text_input(), tokenizer.vocabulary()).value();
}

}  // namespace detail

/// A classifier from one prompt per class.
template <class M>
auto zero_shot(const M& model, const Texts& prompts) {
  return detail::classifier(model, model.encode_text(prompts), {});
}

/// A classifier from class names and prompt templates. The vector of a class is the mean direction of its prompts,
/// normalise(Σ normalise(text)) over names × templates. Encodes 1,024 names of one template at a time. `tokenizer` is a
/// Tokenizer or any other function from strings to Texts. OptionError: no class, a template without exactly one
/// placeholder. InputError: a tokenizer of another vocabulary's size than the model's, a prompt that is too long
/// (unless truncated).
template <class M, TokenizesTexts Words>
auto zero_shot(const M& model, const Words& tokenizer, const ClassNames& names, std::span<const std::string> templates,
               TooLong too_long = TooLong::error) {
  if (names.size() == 0) raise(OptionError{"zero_shot", "number of classes", "1 or more", 0});
  detail::check_vocabulary(model, tokenizer);
  std::vector<std::string> labels;
  std::vector<std::pair<Index, std::string_view>> all;  // class, name
  for (Index c = 0; c < names.size(); ++c) {
    labels.push_back(names[c].front());
    for (const std::string& name : names[c]) all.emplace_back(c, name);
  }
  using Sums = decltype(model.encode_text(Texts{}));
  Sums sums;
  for (const Template& sentence : try_templates(templates).value())
    for (std::size_t begin = 0; begin < all.size(); begin += 1024) {
      const std::size_t n = std::min<std::size_t>(1024, all.size() - begin);
      std::vector<detail::ClassPrompt> prompts;
      for (std::size_t i = begin; i < begin + n; ++i) prompts.emplace_back(all[i].first, sentence(all[i].second));
      detail::add_directions(sums, names.size(), model, tokenizer, prompts, too_long);
    }
  return detail::classifier(model, std::move(sums), std::move(labels));
}
template <class M, TokenizesTexts Words>
auto zero_shot(const M& model, const Words& tokenizer, const ClassNames& names,
               const std::vector<std::string>& templates, TooLong too_long = TooLong::error) {
  return zero_shot(model, tokenizer, names, std::span{templates}, too_long);
}

/// A classifier from prompts of each class. The vector of a class is the mean direction of its prompts.
/// OptionError: no class. InputError: another vocabulary's size, a prompt that is too long (unless truncated).
template <class M, TokenizesTexts Words>
auto zero_shot(const M& model, const Words& tokenizer, const ClassPrompts& classes, TooLong too_long = TooLong::error) {
  if (classes.size() == 0) raise(OptionError{"zero_shot", "number of classes", "1 or more", 0});
  detail::check_vocabulary(model, tokenizer);
  std::vector<detail::ClassPrompt> all;
  for (Index c = 0; c < classes.size(); ++c)
    for (const std::string& prompt : classes[c]) all.emplace_back(c, prompt);
  decltype(model.encode_text(Texts{})) sums;
  for (std::size_t begin = 0; begin < all.size(); begin += 1024)
    detail::add_directions(sums, classes.size(), model, tokenizer,
                           std::span{all}.subspan(begin, std::min<std::size_t>(1024, all.size() - begin)), too_long);
  return detail::classifier(model, std::move(sums), classes.labels());
}

}  // namespace clip::inline CLIP_ABI
