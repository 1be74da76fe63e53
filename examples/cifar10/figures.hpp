// examples/cifar10/figures.hpp: figures of the result, as SVG files.
#pragma once

#include "evaluation.hpp"
#include "report.hpp"

#include <clip/plot/image_sheet.hpp>
#include <clip/plot/line_chart.hpp>
#include <clip/plot/matrix_chart.hpp>
#include <clip/plot/series_chart.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace cifar {

inline std::string percent(double share, int digits = 1) { return clip::detail::short_number(100 * share, digits); }

/// The labels that a threshold leaves: how many, how many of them are right, and what a probe learns from them.
inline clip::Svg pseudo_label_figure(const Results& results, Index images) {
  clip::Series right{"labels that are right", {}}, left{"images that are labelled", {}},
      probe{"test top-1 of a probe", {}};
  for (const PseudoLabelRow& row : results.pseudo_labels) {
    const double x = 100 * row.threshold;
    right.points.push_back({x, 100 * row.right});
    left.points.push_back({x, 100 * static_cast<double>(row.count) / static_cast<double>(images)});
    probe.points.push_back({x, 100 * row.probe});
  }
  return clip::series_chart(
      {.title = "Pseudo-labels by the confidence that they must have",
       .note = "Zero-shot labels for " + std::to_string(images) + " images of the validation part.",
       .x_title = "threshold of the probability, %",
       .y_title = "%",
       .series = {right, left, probe}});
}

/// Rows: class of the image. Columns: class that the sentences chose.
inline clip::Svg confusion_figure(const Results& results, const Part& test) {
  std::vector<double> counts(names.size() * names.size());
  for (std::size_t i = 0; i < test.labels.size(); ++i)
    ++counts[static_cast<std::size_t>(test.labels[i] * class_count + results.predicted[i])];
  return clip::confusion_chart(
      {.title = "Zero-shot classes of the test images: " + percent(results.zero_shot) + " % right",
       .note = "Test images per cell. Blue: right. Orange: wrong; the darker, the more often.",
       .rows_title = "true class",
       .columns_title = "predicted class",
       .rows = class_names(),
       .columns = class_names()},
      {counts.data(), class_count, class_count});
}

/// Per class: the first images that were classified right, and the wrong ones with the highest probability.
inline clip::Svg image_figure(const Results& results, const Part& test) {
  constexpr std::size_t right_shown = 4, wrong_shown = 8;
  clip::ImageSheet sheet{.title = "Test images and the classes that sentences gave them",
                         .note = "Below each image: the predicted class and its probability.",
                         .right_means = "right (the first ones)",
                         .wrong_means = "wrong (the most confident ones)",
                         .rows = {}};
  for (std::size_t c = 0; c < names.size(); ++c) {
    std::vector<std::size_t> right, wrong;
    for (std::size_t i = 0; i < test.labels.size(); ++i)
      if (static_cast<std::size_t>(test.labels[i]) == c)
        (results.predicted[i] == static_cast<Index>(c) ? right : wrong).push_back(i);
    std::ranges::stable_sort(wrong, std::ranges::greater{}, [&](std::size_t i) { return results.confidences[i]; });
    right.resize(std::min(right.size(), right_shown));
    wrong.resize(std::min(wrong.size(), wrong_shown));
    clip::SheetRow row{std::string(names[c]), {}};
    for (const auto* chosen : {&right, &wrong})
      for (const std::size_t i : *chosen)
        row.tiles.push_back({test.images[i], std::string(names[static_cast<std::size_t>(results.predicted[i])]),
                             percent(results.confidences[i], 0) + " %", chosen == &right});
    sheet.rows.push_back(std::move(row));
  }
  return clip::image_sheet(sheet);
}

/// The loss per step, between guessing and the lower bound: an image shows its class but not its sentence, so that all
/// captions of its class in the batch stay equally likely.
inline clip::Svg loss_figure(const History& history, Index batch) {
  const double n = static_cast<double>(batch), of_class = n / static_cast<double>(class_count);
  return clip::line_chart(
      {.title = "Contrastive loss during training",
       .note = "Thin: every step. Thick: the mean of 33 steps.",
       .x_title = "step",
       .y_title = "loss",
       .first_x = static_cast<double>(history.first_step + 1),
       .values = history.losses,
       .smoothing = 16,
       .levels = {{"guessing: ln " + std::to_string(batch), std::log(n)},
                  {"knowing the class: ln " + clip::detail::short_number(of_class, 1), std::log(of_class)}}});
}

/// Zero-shot accuracy on the validation part after every epoch.
inline clip::Svg accuracy_figure(const History& history) {
  clip::Series series{"zero-shot, validation", {}};
  for (const Epoch& epoch : history.epochs)
    series.points.push_back({static_cast<double>(epoch.number), 100 * epoch.top1});
  return clip::series_chart({.title = "Zero-shot accuracy during training",
                             .note = "The mean direction of 18 sentences per class.",
                             .x_title = "epoch",
                             .y_title = "top-1, %",
                             .series = {series}});
}

inline void save_figures(const std::string& folder, const Results& results, const Data& data, const History& history,
                         Index batch) {
  if (!results.pseudo_labels.empty())
    pseudo_label_figure(results, data.validation.size()).save(folder + "/pseudo-labels.svg");
  confusion_figure(results, data.test).save(folder + "/confusion.svg");
  image_figure(results, data.test).save(folder + "/images.svg");
  if (history.losses.empty()) return;  // resumed at its end
  loss_figure(history, batch).save(folder + "/loss.svg");
  accuracy_figure(history).save(folder + "/accuracy.svg");
}

}  // namespace cifar
