// examples/cifar10/evaluation.hpp: zero-shot classification, a linear probe, and labels for images without labels.
#pragma once

#include "captions.hpp"

#include <clip/image/preprocess.hpp>
#include <clip/learn/linear_probe.hpp>
#include <clip/learn/pseudo_labels.hpp>
#include <clip/task/accuracy.hpp>
#include <clip/task/probabilities.hpp>
#include <clip/task/zero_shot.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace cifar {

using Features = clip::Features<float, clip::dyn>;

/// Values in float, which is what the learners and the classifier compute in.
inline void copy_as_float(auto from, auto to) {
  std::ranges::transform(from, to, [](auto x) { return static_cast<float>(x); });
}

/// Features of all images, without augmentation, not of unit length.
template <class M>
Features encode(const M& model, const clip::ImageInput& input, const Part& part) {
  constexpr Index batch = 500;
  Features all{part.size(), clip::Size<clip::dyn>{M::embed_dim}};
  clip::Images images;
  for (Index begin = 0; begin < part.size(); begin += batch) {
    const auto n = static_cast<std::size_t>(std::min(batch, part.size() - begin));
    clip::preprocess(input, std::span{part.images}.subspan(static_cast<std::size_t>(begin), n), images);
    const auto some = model.encode_image(images);
    copy_as_float(some.values(), all[begin].begin());
  }
  return all;
}

/// The classifier of some templates: the mean direction of the sentences of each class.
template <class M>
clip::ZeroShot<float, clip::dyn> classifier(const M& model, const clip::Tokenizer& tokenizer,
                                            std::span<const std::string> sentences) {
  const auto made = clip::zero_shot(model, tokenizer, clip::ClassNames{class_names()}, sentences);
  Features classes{class_count, clip::Size<clip::dyn>{M::embed_dim}};
  copy_as_float(made.classes().values(), classes.values().begin());
  return clip::ZeroShot<float, clip::dyn>{std::move(classes), class_names(),
                                          static_cast<float>(model.similarity.temperature())};
}

inline double accuracy(const std::vector<Index>& predicted, const Part& part) {
  return clip::accuracy(predicted, std::span<const std::int32_t>(part.labels));
}

/// Top-1 of a probe of these features and labels on the test part.
inline double probe_accuracy(const Features& features, const std::vector<std::int32_t>& labels,
                             const Features& test_features, const Part& test) {
  const std::vector<std::int64_t> classes(labels.begin(), labels.end());
  const auto [probe, fit] = clip::fit_linear_probe(features, classes, {.C = 0.316, .max_iterations = 1000});
  const std::vector<std::int64_t> predicted = probe.predict(test_features);
  return accuracy({predicted.begin(), predicted.end()}, test);
}

/// The accuracy of labels that the zero-shot classifier gives, and of a probe that they train.
struct PseudoLabelRow {
  double threshold;
  Index count;
  double right;  // share of the labels
  double probe;  // its top-1 on the test part
};

inline constexpr std::array thresholds{0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99};

/// The validation part as if it had no labels: those that the classifier gives with each confidence.
inline std::vector<PseudoLabelRow> pseudo_label_table(const clip::ZeroShot<float, clip::dyn>& classify,
                                                      const Features& features, const Part& part,
                                                      const Features& test_features, const Part& test) {
  const auto probable = classify.probabilities(features);
  const auto labels =
      clip::pseudo_labels_above(clip::View<const float>{probable[0].data(), part.size(), class_count}, 0);
  const auto counted = clip::accuracy_by_threshold(labels, part.labels, thresholds);
  std::vector<PseudoLabelRow> rows;
  for (const clip::ThresholdRow& row : counted) {
    Features chosen{row.count, clip::Size<clip::dyn>{features.width()}};
    std::vector<std::int32_t> given;
    for (const clip::PseudoLabel& label : labels) {
      if (label.confidence < row.threshold) continue;
      std::ranges::copy(features[label.image], chosen[static_cast<Index>(given.size())].begin());
      given.push_back(label.label);
    }
    if (std::ranges::adjacent_find(given, std::ranges::not_equal_to{}) == given.end()) break;  // fewer than two classes
    rows.push_back({row.threshold, row.count, row.accuracy, probe_accuracy(chosen, given, test_features, test)});
  }
  return rows;
}

/// What the demo measures at its end.
struct Results {
  double one_template, zero_shot;  // top-1 on the test part: of "a photo of a {}.", and of all 18 templates
  double probe;                    // C = 0.316, of the training part
  double probe_of_validation;      // of the validation part with its true labels
  std::vector<PseudoLabelRow> pseudo_labels{};
  std::vector<Index> predicted{};     // zero-shot, of the test part
  std::vector<double> confidences{};  // of each prediction
};

template <class M>
Results evaluate(const M& model, const clip::ImageInput& input, const clip::Tokenizer& tokenizer, const Data& data) {
  const auto classify = classifier(model, tokenizer, templates);
  const Features train = encode(model, input, data.train), validation = encode(model, input, data.validation),
                 test = encode(model, input, data.test);
  Results results{};
  results.one_template = accuracy(classifier(model, tokenizer, std::span{templates}.first(1))(test).best(), data.test);
  results.predicted = classify(test).best();
  results.zero_shot = accuracy(results.predicted, data.test);
  const auto probable = classify.probabilities(test);
  for (Index i = 0; i < data.test.size(); ++i)
    results.confidences.push_back(static_cast<double>(std::ranges::max(probable[i])));
  results.probe = probe_accuracy(train, data.train.labels, test, data.test);
  results.probe_of_validation = probe_accuracy(validation, data.validation.labels, test, data.test);
  results.pseudo_labels = pseudo_label_table(classify, validation, data.validation, test, data.test);
  return results;
}

}  // namespace cifar
