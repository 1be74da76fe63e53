// clip/plot/matrix_chart.hpp: matrices as shaded cells: confusion matrix, similarities.
#pragma once

#include <clip/core/view.hpp>
#include <clip/plot/drawing.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace clip::inline CLIP_ABI {

/// The texts around the cells.
struct MatrixLabels {
  std::string title{}, note{};
  std::string rows_title{}, columns_title{};
  std::vector<std::string> rows{}, columns{};
};

namespace detail {

/// Draws text(i, j) on color(i, j) in every cell. Rotates long column names.
template <class Text, class Color>
Svg matrix_chart(const MatrixLabels& labels, Text&& text, Color&& color) {
  constexpr double cell_height = 34, size = 12, steepness = 0.64;  // sine of 40 degrees
  const double widest_column = widest(labels.columns, size);
  const bool rotated = widest_column > 84;
  const double cell_width = rotated ? 58 : std::max(58.0, widest_column + 8);
  const double left = margin + 24 + widest(labels.rows, size) + 10;
  const double top = heading_height + 26 + (rotated ? widest_column * steepness + 14 : 24);
  const double columns = static_cast<double>(labels.columns.size()), rows = static_cast<double>(labels.rows.size());
  const double overhang = rotated ? widest_column * 0.77 : 0;  // of the last column name
  const double width =
      std::max(left + columns * cell_width + std::max(margin, overhang), heading_width(labels.title, labels.note));

  Svg svg{width, top + rows * cell_height + margin, labels.title};
  draw_heading(svg, labels.title, labels.note);
  svg.text({left, heading_height + 18}, labels.columns_title, {.size = size, .color = colors::faint, .bold = true});
  svg.text({margin + 12, top + rows * cell_height / 2}, labels.rows_title,
           {.size = size, .color = colors::faint, .anchor = Anchor::middle, .bold = true, .rotation = -90});
  for (std::size_t j = 0; j < labels.columns.size(); ++j) {
    const double middle = left + (static_cast<double>(j) + 0.5) * cell_width;
    if (rotated) svg.text({middle, top - 8}, labels.columns[j], {.size = size, .rotation = -40});
    else svg.text({middle, top - 8}, labels.columns[j], {.size = size, .anchor = Anchor::middle});
  }
  for (std::size_t i = 0; i < labels.rows.size(); ++i) {
    const double y = top + static_cast<double>(i) * cell_height;
    svg.text({left - 10, y + cell_height / 2 + 4}, labels.rows[i], {.size = size, .anchor = Anchor::end});
    for (std::size_t j = 0; j < labels.columns.size(); ++j) {
      const double x = left + static_cast<double>(j) * cell_width;
      const Rgb fill = color(static_cast<Index>(i), static_cast<Index>(j));
      svg.rect({x + 1, y + 1}, cell_width - 2, cell_height - 2, fill, 2);
      svg.text({x + cell_width / 2, y + cell_height / 2 + 4}, text(static_cast<Index>(i), static_cast<Index>(j)),
               {.size = size, .color = readable_on(fill), .anchor = Anchor::middle});
    }
  }
  return svg;
}

inline void check_extents(const char* chart, const MatrixLabels& labels, View<const double> values) {
  if (static_cast<std::size_t>(values.rows) != labels.rows.size() ||
      static_cast<std::size_t>(values.cols) != labels.columns.size())
    raise(ShapeError{chart, "values for the names",
                     Shape{static_cast<Index>(labels.rows.size()), static_cast<Index>(labels.columns.size())},
                     Shape{values.rows, values.cols}});
}

}  // namespace detail

/// A confusion matrix: counts of items by true class (rows) and predicted class (columns). The diagonal is blue, the
/// rest orange. The shade is the share of the row on the diagonal and its square root elsewhere, so that rare
/// confusions are visible. ShapeError: the number of values differs from that of the names.
inline Svg confusion_chart(const MatrixLabels& labels, View<const double> counts) {
  detail::check_extents("confusion_chart", labels, counts);
  const auto share = [counts](Index i, Index j) {
    double sum = 0;
    for (Index k = 0; k < counts.cols; ++k) sum += counts(i, k);
    return sum > 0 ? counts(i, j) / sum : 0;
  };
  return detail::matrix_chart(
      labels, [&](Index i, Index j) { return detail::short_number(counts(i, j), 0); },
      [&](Index i, Index j) {
        return i == j ? mix(colors::white, colors::blue, share(i, j))
                      : mix(colors::pale, colors::orange, std::sqrt(share(i, j)));
      });
}

/// Values with two decimals: blue above zero, orange below, darkest at the greatest magnitude. ShapeError as above.
inline Svg similarity_chart(const MatrixLabels& labels, View<const double> values) {
  detail::check_extents("similarity_chart", labels, values);
  double farthest = 0;
  for (Index i = 0; i < values.rows; ++i)
    for (Index j = 0; j < values.cols; ++j) farthest = std::max(farthest, std::abs(values(i, j)));
  return detail::matrix_chart(
      labels,
      [&](Index i, Index j) {
        std::string digits = detail::short_number(std::abs(values(i, j)) * 100, 0);
        digits.insert(0, digits.size() < 3 ? 3 - digits.size() : 0, '0');
        return (values(i, j) < 0 && digits != "000" ? "\xE2\x88\x92" : "") + digits.substr(0, digits.size() - 2) + "." +
               digits.substr(digits.size() - 2);
      },
      [&](Index i, Index j) {
        return mix(colors::pale, values(i, j) < 0 ? colors::orange : colors::blue,
                   farthest > 0 ? std::abs(values(i, j)) / farthest : 0);
      });
}

}  // namespace clip::inline CLIP_ABI
