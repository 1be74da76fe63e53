// clip/few_shot/rate_choice.hpp: choice of a few-shot method's learning rate by the validation images.
#pragma once

#include <clip/few_shot/run_files.hpp>
#include <clip/few_shot/task.hpp>
#include <clip/task/metrics.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Trains a method with each learning rate of method.training.rates in a folder of its own, and returns the scores of the
/// test images by the rate that predicts most of the validation images, the first of equal ones. The log of the run
/// receives a row for each rate.
template <class Method, class M>
Tensor<float> scores_of_best_rate(Method method, const FewShotTask<M>& task) {
  const std::vector<double> rates = std::exchange(method.training.rates, {});
  const auto scores_at = [&](std::size_t i, const Features<float, dyn>& features, const std::vector<Index>& images) {
    FewShotTask<M> trial = task;
    trial.test = features;
    trial.test_images = images;
    trial.folder = task.folder + "/rate-" + std::to_string(i + 1);
    try_make_folders(trial.folder).value();
    RunLog log{trial.folder};
    trial.log = &log;
    method.training.learning_rate = rates[i];
    return method.scores(trial);
  };
  task.log->keep(-1);
  std::size_t chosen = 0;
  double best = -1;
  for (std::size_t i = 0; i < rates.size(); ++i) {
    const Tensor<float> scores = scores_at(i, task.validation.features, task.validation_images);
    const double accuracy = top_k_accuracy(scores.view(), std::span(task.validation.labels), 1);
    task.log->add(static_cast<Index>(i + 1), {{"learning_rate", rates[i]}, {"validation_top1", accuracy}});
    if (accuracy > best) {
      best = accuracy;
      chosen = i;
    }
  }
  return scores_at(chosen, task.test, task.test_images);  // its checkpoint is that of the end
}

}  // namespace clip::inline CLIP_ABI
