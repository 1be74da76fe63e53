// examples/fashion_mnist/figures.hpp: four figures of the result, as SVG files.
#pragma once

#include "data.hpp"
#include "evaluation.hpp"
#include "report.hpp"

#include <clip/plot/image_sheet.hpp>
#include <clip/plot/line_chart.hpp>
#include <clip/plot/matrix_chart.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace fashion {

inline std::vector<std::string> class_names() { return {names.begin(), names.end()}; }
inline std::string with_digits(double x, int digits) { return clip::detail::short_number(x, digits); }

/// Confusion matrix. Rows: class of the image. Columns: class that the model chose.
inline clip::Svg confusion_figure(const Evaluation& result, const LabelledImages& test) {
  const std::vector<double> counts = confusion(result, test);
  return clip::confusion_chart(
      {.title = "Confusion matrix of the test images: " + with_digits(100 * result.top1, 2) + " % right",
       .note = "Test images per cell. Blue: right. Orange: wrong; the darker, the more often confused.",
       .rows_title = "true class",
       .columns_title = "predicted class",
       .rows = class_names(),
       .columns = class_names()},
      {counts.data(), class_count, class_count});
}

/// Rows: the mean image feature of a class. Columns: sentences.
inline clip::Svg similarity_figure(const Evaluation& result) {
  const std::vector<double> cosines(result.cosines.values().begin(), result.cosines.values().end());
  return clip::similarity_chart({.title = "Similarity of images and sentences",
                                 .note = "Cosine between the mean feature of a class (rows) and a sentence (columns). "
                                         "Blue: similar. Orange: opposed.",
                                 .rows_title = "images",
                                 .columns_title = "sentences",
                                 .rows = class_names(),
                                 .columns = prompts()},
                                {cosines.data(), class_count, class_count});
}

/// Per class: the first images that were classified right, and the wrong ones with the highest probability.
inline clip::Svg image_figure(const Evaluation& result, const LabelledImages& test) {
  constexpr std::size_t right_shown = 4, wrong_shown = 8;
  clip::ImageSheet sheet{.title = "Test images and predicted classes",
                         .note = "Below each image: the predicted class and its probability.",
                         .right_means = "right (the first ones)",
                         .wrong_means = "wrong (the most confident ones)",
                         .rows = {}};
  for (Index c = 0; c < class_count; ++c) {
    std::vector<std::size_t> right, wrong;
    for (std::size_t i = 0; i < test.labels.size(); ++i)
      if (test.labels[i] == c) (result.predicted[i] == c ? right : wrong).push_back(i);
    std::stable_sort(wrong.begin(), wrong.end(),
                     [&](std::size_t a, std::size_t b) { return result.certainty[a] > result.certainty[b]; });
    right.resize(std::min(right.size(), right_shown));
    wrong.resize(std::min(wrong.size(), wrong_shown));

    clip::SheetRow row{std::string(names[static_cast<std::size_t>(c)]), {}};
    for (const auto* chosen : {&right, &wrong})
      for (const std::size_t i : *chosen)
        row.tiles.push_back({test[static_cast<Index>(i)],
                             std::string(names[static_cast<std::size_t>(result.predicted[i])]),
                             with_digits(100 * result.certainty[i], 0) + " %", chosen == &right});
    sheet.rows.push_back(std::move(row));
  }
  return clip::image_sheet(sheet);
}

/// The loss per step, between guessing and the lower bound. An image shows its class but not which of the five
/// sentences was its caption, so the captions of all images of its class (a tenth of the batch) stay equally likely.
inline clip::Svg loss_figure(const Run& run, Index batch, Index classes) {
  const double n = static_cast<double>(batch), of_class = n / static_cast<double>(classes);
  return clip::line_chart(
      {.title = "Contrastive loss during training",
       .note = "Thin: every step. Thick: the mean of 17 steps.",
       .x_title = "step",
       .y_title = "loss",
       .first_x = static_cast<double>(run.first_step + 1),
       .values = run.losses,
       .smoothing = 8,
       .levels = {{"guessing: ln " + with_digits(n, 0) + " = " + with_digits(std::log(n), 3), std::log(n)},
                  {"knowing the class: ln " + with_digits(of_class, 1) + " = " + with_digits(std::log(of_class), 3),
                   std::log(of_class)}}});
}

inline void save_figures(const std::string& folder, const Evaluation& result, const LabelledImages& test,
                         const Run& run, Index batch, Index classes) {
  confusion_figure(result, test).save(folder + "/confusion.svg");
  similarity_figure(result).save(folder + "/similarity.svg");
  image_figure(result, test).save(folder + "/images.svg");
  if (!run.losses.empty()) loss_figure(run, batch, classes).save(folder + "/loss.svg");
}

}  // namespace fashion
