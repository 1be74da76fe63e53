// examples/fashion_mnist/evaluation.hpp: top-1 accuracy, class probabilities and cosines on the test set.
#pragma once

#include "data.hpp"

#include <clip/task/accuracy.hpp>
#include <clip/task/probabilities.hpp>
#include <clip/task/zero_shot.hpp>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace fashion {

/// Results of comparing every image with the ten prompts.
struct Evaluation {
  double top1 = 0;
  std::vector<Index> predicted;                             // (n)
  std::vector<double> certainty;                            // (n): probability of the predicted class
  clip::Tensor<float> cosines{{class_count, class_count}};  // mean feature of a class (rows), prompt (columns)

  bool operator==(const Evaluation& other) const {
    return top1 == other.top1 && predicted == other.predicted && certainty == other.certainty;
  }
};

template <class M>
Evaluation evaluate(const M& model, const clip::VitConfig& input, const LabelledImages& data,
                    const clip::Texts& prompts) {
  constexpr Index batch = 250;
  const auto classify = clip::zero_shot(model, prompts);
  const double temperature = model.similarity.temperature();
  Evaluation result;
  clip::Features<float, M::embed_dim> means{class_count, clip::Size<M::embed_dim>{classify.classes().width()}};
  clip::Images images;
  std::vector<clip::Image> views;
  for (Index begin = 0; begin < data.size(); begin += batch) {
    const Index n = std::min(batch, data.size() - begin);
    views.clear();
    for (Index i = 0; i < n; ++i) views.push_back(data[begin + i]);
    clip::preprocess(input, std::span<const clip::Image>(views), images);
    const auto features = clip::normalized(model.encode_image(images));
    const auto cosines = classify(features);
    const clip::Probabilities probable{cosines, temperature};
    for (const Index best : cosines.best()) {
      const Index i = static_cast<Index>(result.predicted.size()) - begin;
      result.predicted.push_back(best);
      result.certainty.push_back(static_cast<double>(probable[i][static_cast<std::size_t>(best)]));
      const auto mean = means[data.labels[static_cast<std::size_t>(begin + i)]];
      for (std::size_t k = 0; k < mean.size(); ++k) mean[k] += features[i][k];
    }
  }
  result.top1 = clip::accuracy<std::uint8_t>(result.predicted, data.labels);
  for (Index c = 0; c < class_count; ++c)  // a class without images has no mean
    if (std::all_of(means[c].begin(), means[c].end(), [](float x) { return x == 0; })) means[c][0] = 1;
  result.cosines = classify(means).values;
  return result;
}

/// counts[label * 10 + predicted].
inline std::vector<double> confusion(const Evaluation& result, const LabelledImages& data) {
  std::vector<double> counts(static_cast<std::size_t>(class_count * class_count));
  for (std::size_t i = 0; i < data.labels.size(); ++i)
    ++counts[static_cast<std::size_t>(data.labels[i] * class_count + result.predicted[i])];
  return counts;
}

}  // namespace fashion
