// examples/fashion_mnist/evaluation.hpp: how well sentences find their pictures.
#pragma once

#include "data.hpp"

#include <clip/task/probabilities.hpp>
#include <clip/task/zero_shot.hpp>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace fashion {

/// The ten prompts against every picture.
struct Evaluation {
  double top1 = 0;
  std::vector<Index> predicted;                             // (n)
  std::vector<double> certainty;                            // (n) probability of the predicted class
  clip::Tensor<float> cosines{{class_count, class_count}};  // mean picture of a class (rows) with every prompt

  bool operator==(const Evaluation& other) const {
    return top1 == other.top1 && predicted == other.predicted && certainty == other.certainty;
  }
};

template <class M>
Evaluation evaluate(const M& model, const clip::VitConfig& input, const Pictures& pictures,
                    const clip::Texts& prompts) {
  constexpr Index at_once = 250;
  const auto classify = clip::zero_shot(model, prompts);
  const double temperature = model.similarity.temperature();
  Evaluation result;
  clip::Features<float, M::embed_dim> means{class_count};
  clip::Images images;
  std::vector<clip::Image> views;
  for (Index begin = 0; begin < pictures.size(); begin += at_once) {
    const Index n = std::min(at_once, pictures.size() - begin);
    views.clear();
    for (Index i = 0; i < n; ++i) views.push_back(pictures[begin + i]);
    clip::preprocess(input, std::span<const clip::Image>(views), images);
    const auto features = clip::normalized(model.encode_image(images));
    const auto cosines = classify(features);
    const clip::Probabilities probable{cosines, temperature};
    for (const Index best : cosines.best()) {
      const Index i = static_cast<Index>(result.predicted.size()) - begin;
      result.predicted.push_back(best);
      result.certainty.push_back(static_cast<double>(probable[i][static_cast<std::size_t>(best)]));
      const auto mean = means[pictures.labels[static_cast<std::size_t>(begin + i)]];
      for (std::size_t k = 0; k < mean.size(); ++k) mean[k] += features[i][k];
    }
  }
  result.top1 = clip::accuracy<std::uint8_t>(result.predicted, pictures.labels);
  for (Index c = 0; c < class_count; ++c)  // a class nobody wears has no mean
    if (std::all_of(means[c].begin(), means[c].end(), [](float x) { return x == 0; })) means[c][0] = 1;
  result.cosines = classify(means).values;
  return result;
}

/// counts[label * 10 + predicted]
inline std::vector<double> confusion(const Evaluation& result, const Pictures& pictures) {
  std::vector<double> counts(static_cast<std::size_t>(class_count * class_count));
  for (std::size_t i = 0; i < pictures.labels.size(); ++i)
    ++counts[static_cast<std::size_t>(pictures.labels[i] * class_count + result.predicted[i])];
  return counts;
}

}  // namespace fashion
