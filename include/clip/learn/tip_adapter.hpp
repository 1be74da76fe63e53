// clip/learn/tip_adapter.hpp: Tip-Adapter: a cache of few-shot features beside the zero-shot classifier.
#pragma once

#include <clip/backend/cpu.hpp>
#include <clip/learn/feature_classifier.hpp>
#include <clip/learn/labelled_features.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

struct TipAdapterOptions {
  double alpha = 1;          // weight of the cache
  double beta = 3;           // how fast its influence falls with distance
  double temperature = 100;  // exp(logit_scale) of the model
};

/// logits = temperature · f Tᵀ + α exp(-β (1 - f Kᵀ)) V,  f = x / |x|
///   x : (n, width), T : (classes, width) text features, keys K : (N, width), V : (N, classes) one-hot labels
/// (Zhang et al. 2022, "Tip-Adapter: Training-free Adaption of CLIP for Few-shot Classification"). Nothing is trained;
/// search_tip_adapter chooses α and β. Tip-Adapter-F trains the keys: train_tip_adapter (learn/tip_adapter_training.hpp).
///   TipAdapter tip{class_features, tip_adapter_cache<float>(passes, labels)};
///   search_tip_adapter(tip, validation);
///   const std::vector<Index> predicted = tip.predict(model.encode_image(images));
template <Backend B = Cpu<>>
class TipAdapter : public FeatureClassifier<TipAdapter<B>, B> {
 public:
  using T = typename B::Scalar;
  using Base = FeatureClassifier<TipAdapter<B>, B>;
  static constexpr std::string_view name = "tip_adapter";

  Parameter<T> keys;    // K
  Parameter<T> values;  // Vᵀ : (classes, N), never trained
  double alpha = 1, beta = 3;

  /// class_features : (classes, width), of any length. `cache`: keys, usually of tip_adapter_cache, and their classes.
  /// InputError: fewer than two classes, no key, a label that is not one of the classes. NumericError: class features
  /// without a direction, keys that are not finite. ShapeError: another width or number of labels. OptionError: a
  /// negative α or β, a temperature that is not positive.
  template <Index E>
  TipAdapter(const Features<T, E>& class_features, const LabelledFeatures<T>& cache, TipAdapterOptions options = {},
             B owned_by = {})
      : TipAdapter{Sizes{class_features.size(), class_features.width(), cache.features.size()}, std::move(owned_by)} {
    if (cache.features.empty()) raise(InputError{std::string(name), "keys of the cache", "1 or more", 0});
    this->check_features(cache.features.view());
    FeatureSource{cache, class_features.size()};  // checks the labels
    if (!(options.alpha >= 0 && std::isfinite(options.alpha)))
      raise(OptionError{std::string(name), "alpha", "0 or more", options.alpha});
    if (!(options.beta >= 0 && std::isfinite(options.beta)))
      raise(OptionError{std::string(name), "beta", "0 or more", options.beta});
    alpha = options.alpha;
    beta = options.beta;
    B& backend = this->backend();
    this->classes.set(backend, class_features.view(), options.temperature);
    backend.upload(std::span<const T>(cache.features.values()), keys.view());
    std::vector<T> one_hot(static_cast<std::size_t>(values.count()));
    for (std::size_t i = 0; i < cache.labels.size(); ++i)
      one_hot[static_cast<std::size_t>(cache.labels[i]) * cache.labels.size() + i] = T(1);
    backend.upload(std::span<const T>(one_hot), values.view());
  }

  static constexpr void members(auto& self, auto&& visit) {
    visit("", self.classes);
    visit("cache.keys", self.keys);
    visit("cache.values", self.values);
  }
  static constexpr void numbers(auto& self, auto&& visit) {
    visit("temperature", self.classes.temperature);
    visit("alpha", self.alpha);
    visit("beta", self.beta);
  }

  /// f Kᵀ : (n, N)          f : (n, width), of unit length
  template <class Cx>
  Rows<Cx, dyn> nearness(Cx& cx, Rows<Cx, dyn> f) const {
    return linear(cx, f, Size<dyn>{keys.shape.rows()}, keys, absent);
  }

  /// (n, classes)
  template <class Cx>
  Rows<Cx, dyn> logits(Cx& cx, Rows<Cx, dyn> x) const {
    const auto f = normalize(cx, x);
    const auto affinity = map(cx, fn::Affinity{beta}, nearness(cx, f));
    const auto cached = linear(cx, affinity, Size<dyn>{this->classes.size()}, values, absent);
    return add(cx, this->classes.logits_of_unit(cx, f), map(cx, fn::Times{alpha}, cached));
  }

  /// What a file says of the sizes (learn/learner_file.hpp).
  struct Sizes {
    Index classes, width, keys;
    static Sizes of(const auto& extent) {
      return {extent("class_features", 0), extent("class_features", 1), extent("cache.keys", 0)};
    }
    std::vector<std::pair<std::string_view, Shape>> shapes() const {
      return {{"class_features", {classes, width}}, {"cache.keys", {keys, width}}, {"cache.values", {classes, keys}}};
    }
  };
  TipAdapter(Sizes sizes, B backend)
      : Base{sizes.classes, sizes.width, std::move(backend)}, keys{{sizes.keys, sizes.width},
                                                                   Init::zeros(),
                                                                   Use::linear},
        values{Parameter<T>{{sizes.classes, sizes.keys}, Init::zeros(), Use::linear}.frozen_if(true)} {
    this->allocate();
  }
};

template <class T, Index E>
TipAdapter(const Features<T, E>&, LabelledFeatures<T>, TipAdapterOptions = {}) -> TipAdapter<Cpu<T>>;
template <class T, Index E, Backend B>
TipAdapter(const Features<T, E>&, LabelledFeatures<T>, TipAdapterOptions, B) -> TipAdapter<B>;

/// Keys of Tip-Adapter's cache: the mean of each image's features over several passes of augmentation (random crops and
/// flips; the published code has ten, one is enough without augmentation), scaled to unit length. `passes` are features
/// as encode_image returns them, row i of each of the same image. InputError: no pass, or no image. ShapeError: passes of
/// other shapes than the first, another number of labels. NumericError: features that are not finite, a mean of zeros.
template <class T, Index E>
LabelledFeatures<T> tip_adapter_cache(std::span<const Features<T, E>> passes, std::vector<std::int32_t> labels) {
  const char* const place = "tip_adapter_cache";
  if (passes.empty() || passes[0].empty()) raise(InputError{place, "passes of features", "1 or more", 0});
  const Index n = passes[0].size(), width = passes[0].width();
  if (std::cmp_not_equal(labels.size(), n)) raise(ShapeError{place, "labels", n, labels.size()});
  std::vector<double> sums(static_cast<std::size_t>(n * width));
  for (const Features<T, E>& pass : passes) {
    if (pass.size() != n || pass.width() != width)
      raise(ShapeError{place, "shape of a pass", Shape{n, width}, Shape{pass.size(), pass.width()}});
    detail::check_finite(place, pass.view());
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += static_cast<double>(pass.values()[i]);
  }
  LabelledFeatures<T> cache{Features<T, dyn>{n, Size<dyn>{width}}, std::move(labels)};
  for (Index i = 0; i < n; ++i) {
    const std::span<double> row{sums.data() + i * width, static_cast<std::size_t>(width)};
    detail::make_unit(place, "image " + std::to_string(i), row);
    for (std::size_t j = 0; j < row.size(); ++j) cache.features[i][j] = static_cast<T>(row[j]);
  }
  return cache;
}
template <class T, Index E>
LabelledFeatures<T> tip_adapter_cache(const std::vector<Features<T, E>>& passes, std::vector<std::int32_t> labels) {
  return tip_adapter_cache(std::span<const Features<T, E>>(passes), std::move(labels));
}

}  // namespace clip::inline CLIP_ABI
