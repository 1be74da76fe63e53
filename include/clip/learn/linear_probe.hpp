// clip/learn/linear_probe.hpp: a linear probe: a classifier of features that is trained by logistic regression.
#pragma once

#include <clip/autograd/borrow.hpp>
#include <clip/autograd/inference.hpp>
#include <clip/backend/arithmetic.hpp>
#include <clip/backend/cpu.hpp>
#include <clip/core/error.hpp>
#include <clip/core/softmax_rows.hpp>
#include <clip/learn/logistic_regression.hpp>
#include <clip/tensor/tensor.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Scores W x + b of features for each class. The protocol of Radford et al. 2021 takes the features of encode_image as
/// they are, not of unit length.
template <class Label = std::int64_t>
struct LinearProbe {
  std::vector<Label> classes;          // sorted
  Index width = 0;                     // of the features
  std::vector<double> coefficients{};  // W : (classes, width)
  std::vector<double> intercepts{};    // b

  /// (n, classes), computed by `backend`, such as the model's; without one, on the CPU. ShapeError: features of another
  /// width.
  template <Backend B, class T, Index E>
  Tensor<T> scores(const B& backend, const Features<T, E>& features) const {
    if (features.width() != width) raise(ShapeError{"linear probe", "width of the features", width, features.width()});
    const auto k = static_cast<Index>(classes.size());
    const std::vector<T> w(coefficients.begin(), coefficients.end()), b(intercepts.begin(), intercepts.end());
    Tensor<T> scores{{features.size(), k}};
    if (features.empty()) return scores;
    Inference<B> cx{backend};
    const auto x = detail::borrow(cx, features.view(), Size<dyn>{width}),
               rows = detail::borrow(cx, View<const T>{w.data(), k, width}, Size<dyn>{width}),
               bias = detail::borrow(cx, View<const T>{b.data(), 1, k}, Size<dyn>{k});
    using S = typename B::Scalar;
    const View<S> y = cx.allocate(x.rows(), Size<dyn>{k}).view;
    auto&& full = in_full(cx.backend());
    full.linear(In<S>{x.view}, Weights<S>{In<S>{rows.view}}, Epilogue<S>{.bias = bias.view}, y);
    full.download(In<S>{y}, scores.values());
    return scores;
  }
  template <class T, Index E>
  Tensor<T> scores(const Features<T, E>& features) const {
    return scores(Cpu<T>{}, features);
  }

  /// Softmax of the scores: (n, classes).
  template <class T, Index E>
  Tensor<T> probabilities(const Features<T, E>& features) const {
    Tensor<T> result = scores(features);
    detail::softmax_rows(result.view(), 1);
    return result;
  }

  /// The class of the highest score of each row; the first of equal ones.
  template <class T, Index E>
  std::vector<Label> predict(const Features<T, E>& features) const {
    const Tensor<T> result = scores(features);
    std::vector<Label> labels;
    for (Index i = 0; i < features.size(); ++i) {
      const std::span<const T> row{result.view().row(i), classes.size()};
      labels.push_back(classes[static_cast<std::size_t>(std::ranges::max_element(row) - row.begin())]);
    }
    return labels;
  }
};

/// As scikit-learn's LogisticRegression takes them.
struct LinearProbeOptions {
  double C = 1;  // weight of the samples' losses beside the penalty ½ ‖W‖²
  bool intercept = true;
  Index max_iterations = 100;
  double tolerance = 1e-4;              // of the largest entry of the gradient of the mean loss
  std::vector<double> class_weights{};  // of the classes in ascending order; empty: all 1
  bool balanced = false;                // instead: samples / (classes · samples of the class)
};

template <class Label = std::int64_t>
struct FittedProbe {
  LinearProbe<Label> probe;
  LogisticFit fit;
};

/// Trains a probe on features and the label of each. Labels are values of any ordered type.
///
///   const auto [probe, fit] = fit_linear_probe(model.encode_image(images), labels, {.C = 0.316});
///   const auto predicted = probe.predict(model.encode_image(others));
///
/// Errors as logistic_regression; ShapeError: another number of labels. OptionError: another number of weights, or
/// weights together with `balanced`.
template <class T, Index E, class Label>
FittedProbe<Label> fit_linear_probe(const Features<T, E>& features, const std::vector<Label>& labels,
                                    const LinearProbeOptions& options = {}, const Cpu<T>& backend = {}) {
  const char* const place = "linear probe";
  if (static_cast<Index>(labels.size()) != features.size())
    raise(ShapeError{place, "labels", features.size(), labels.size()});
  LinearProbe<Label> probe{.classes = labels, .width = features.width()};
  std::ranges::sort(probe.classes);
  probe.classes.erase(std::unique(probe.classes.begin(), probe.classes.end()), probe.classes.end());

  std::vector<std::int32_t> indices;
  std::vector<double> counts(probe.classes.size()), weights(probe.classes.size(), 1);
  for (const Label& label : labels) {
    indices.push_back(
        static_cast<std::int32_t>(std::ranges::lower_bound(probe.classes, label) - probe.classes.begin()));
    ++counts[static_cast<std::size_t>(indices.back())];
  }
  if (!options.class_weights.empty()) {
    if (options.balanced)
      raise(OptionError{place, "class_weights", "none beside balanced", options.class_weights.size()});
    if (options.class_weights.size() != weights.size())
      raise(OptionError{place, "class_weights", weights.size(), options.class_weights.size()});
    weights = options.class_weights;
  }
  if (options.balanced)
    for (std::size_t c = 0; c < weights.size(); ++c)
      weights[c] = static_cast<double>(labels.size()) / (static_cast<double>(weights.size()) * counts[c]);

  LogisticFit fit = logistic_regression(backend, features.view(), indices, std::move(weights),
                                        {.C = options.C,
                                         .intercept = options.intercept,
                                         .max_iterations = options.max_iterations,
                                         .tolerance = options.tolerance});
  probe.coefficients = fit.coefficients;
  probe.intercepts = fit.intercepts;
  return {std::move(probe), std::move(fit)};
}

}  // namespace clip::inline CLIP_ABI
