// examples/fashion_mnist/pictures.hpp: four drawings of what was learned.
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

/// Rows: what a picture shows. Columns: the sentence the model chose.
inline clip::Svg confusion_picture(const Evaluation& result, const Pictures& test) {
  const std::vector<double> counts = confusion(result, test);
  return clip::confusion_chart(
      {.title = "What the model called the test pictures: " + with_digits(100 * result.top1, 2) + " % right",
       .note = "Test pictures per cell. Blue: named right. Orange: the darker, the more often confused.",
       .rows_title = "pictures of",
       .columns_title = "were called",
       .rows = class_names(),
       .columns = class_names()},
      {counts.data(), class_count, class_count});
}

/// Rows: the mean picture of a class. Columns: sentences.
inline clip::Svg similarity_picture(const Evaluation& result) {
  const std::vector<double> cosines(result.cosines.values().begin(), result.cosines.values().end());
  return clip::similarity_chart({.title = "How near pictures and sentences lie to each other",
                                 .note = "Cosine between the mean test picture of a class (rows) and a sentence "
                                         "(columns). Blue: near. Orange: opposed.",
                                 .rows_title = "pictures",
                                 .columns_title = "sentences",
                                 .rows = class_names(),
                                 .columns = prompts()},
                                {cosines.data(), class_count, class_count});
}

/// Of every class the first pictures named right, and those named wrong with the greatest certainty.
inline clip::Svg test_pictures(const Evaluation& result, const Pictures& test) {
  constexpr std::size_t right_shown = 4, wrong_shown = 8;
  clip::ImageSheet sheet{.title = "Test pictures and what the model called them",
                         .note = "Below a picture: the class the model chose, and how probable it held it.",
                         .right_means = "named right (the first ones)",
                         .wrong_means = "named wrong (the most certain mistakes)",
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

/// The loss of every step between guessing and the least there is: a picture tells its class, never which of the five sentences
/// it was shown with, so all pictures of a class (a tenth of the batch) stay equally likely.
inline clip::Svg loss_picture(const Run& run, Index batch) {
  const double n = static_cast<double>(batch);
  return clip::line_chart(
      {.title = "The contrastive loss while training",
       .note = "Thin: every step. Thick: the mean of 17 steps.",
       .x_title = "step",
       .y_title = "loss",
       .first_x = static_cast<double>(run.first_step + 1),
       .values = run.losses,
       .smoothing = 8,
       .levels = {{"guessing: ln " + with_digits(n, 0) + " = " + with_digits(std::log(n), 3), std::log(n)},
                  {"knowing the class: ln " + with_digits(n / class_count, 1) + " = " +
                       with_digits(std::log(n / class_count), 3),
                   std::log(n / class_count)}}});
}

inline void draw_pictures(const std::string& folder, const Evaluation& result, const Pictures& test, const Run& run,
                          Index batch) {
  confusion_picture(result, test).save(folder + "/confusion.svg");
  similarity_picture(result).save(folder + "/similarity.svg");
  test_pictures(result, test).save(folder + "/pictures.svg");
  if (!run.losses.empty()) loss_picture(run, batch).save(folder + "/loss.svg");
}

}  // namespace fashion
