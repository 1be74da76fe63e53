// clip/plot/line_chart.hpp: line chart of values over steps, with optional smoothing and reference levels.
#pragma once

#include <clip/plot/drawing.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace clip::inline CLIP_ABI {

/// A dashed line across the chart.
struct LineLevel {
  std::string name;
  double value;
};

struct LineChart {
  std::string title{}, note{};
  std::string x_title{}, y_title{};
  double first_x = 1;            // of values[0]; later values follow at steps of 1
  std::vector<double> values{};  // the thin line
  std::size_t smoothing = 0;     // half-width of the moving average of the thick line; 0: no thick line
  std::vector<LineLevel> levels{};
};

namespace detail {

/// Maps data to drawing coordinates along one axis.
struct ChartAxis {
  double low, high, at_low, at_high, step;
  double operator()(double x) const { return at_low + (x - low) / (high - low) * (at_high - at_low); }
  /// Calls tick(value, text) for every multiple of the step on the axis.
  void ticks(auto&& tick) const {
    const int decimals = step >= 1 ? 0 : static_cast<int>(std::ceil(-std::log10(step)));
    for (double k = std::ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; ++k)
      tick(k * step, short_number(k * step, decimals));
  }
};

/// Centred moving average over up to `reach` values on either side (fewer at the ends, always symmetric, so that the
/// curve neither lags nor leads).
inline std::vector<double> smoothed(const std::vector<double>& values, std::size_t reach) {
  std::vector<double> sums{0}, result;
  for (double x : values) sums.push_back(sums.back() + x);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t side = std::min({reach, i, values.size() - 1 - i});
    result.push_back((sums[i + side + 1] - sums[i - side]) / static_cast<double>(2 * side + 1));
  }
  return result;
}

}  // namespace detail

/// InputError: values or levels that are not finite.
inline Svg line_chart(const LineChart& chart) {
  constexpr double width = 760, height = 430, left = 68, right = width - detail::margin,
                   top = detail::heading_height + 14, bottom = height - 52;
  double low = INFINITY, high = -INFINITY;
  const auto reach = [&](double y) {
    if (!std::isfinite(y)) raise(InputError{"line_chart", "a value", "a finite number", y});
    low = std::min(low, y);
    high = std::max(high, y);
  };
  for (double y : chart.values) reach(y);
  for (const LineLevel& level : chart.levels) reach(level.value);
  if (!(low < high)) {
    low = std::isfinite(low) ? low - 1 : 0;
    high = low + 2;
  }
  const double padding = 0.06 * (high - low);

  const double last_x = chart.first_x + std::max(1.0, static_cast<double>(chart.values.size()) - 1);
  const detail::ChartAxis x{chart.first_x, last_x, left, right,
                            std::max(1.0, detail::tick_step(last_x - chart.first_x, 9))};
  const detail::ChartAxis y{low - padding, high + padding, bottom, top, detail::tick_step(high - low + 2 * padding, 7)};

  Svg svg{width, height, chart.title};
  detail::draw_heading(svg, chart.title, chart.note);
  y.ticks([&](double value, const std::string& text) {
    svg.line({left, y(value)}, {right, y(value)}, {colors::grid, 1});
    svg.text({left - 8, y(value) + 4}, text, {.size = 12, .color = colors::faint, .anchor = Anchor::end});
  });
  x.ticks([&](double value, const std::string& text) {
    svg.line({x(value), bottom}, {x(value), bottom + 5}, {colors::faint, 1});
    svg.text({x(value), bottom + 19}, text, {.size = 12, .color = colors::faint, .anchor = Anchor::middle});
  });
  svg.line({left, bottom}, {right, bottom}, {colors::faint, 1});
  svg.text({(left + right) / 2, height - 14}, chart.x_title,
           {.size = 12, .color = colors::faint, .anchor = Anchor::middle, .bold = true});
  svg.text({22, (top + bottom) / 2}, chart.y_title,
           {.size = 12, .color = colors::faint, .anchor = Anchor::middle, .bold = true, .rotation = -90});

  const auto curve = [&](const std::vector<double>& values, const Stroke& stroke) {
    std::vector<Point> points;
    for (std::size_t i = 0; i < values.size(); ++i)
      points.push_back({x(chart.first_x + static_cast<double>(i)), y(values[i])});
    svg.polyline(points, stroke);
  };
  curve(chart.values, {chart.smoothing > 0 ? mix(colors::white, colors::blue, 0.4) : colors::blue, 1});
  if (chart.smoothing > 0) curve(detail::smoothed(chart.values, chart.smoothing), {colors::blue, 2.5});
  for (const LineLevel& level : chart.levels) {
    svg.line({left, y(level.value)}, {right, y(level.value)}, {colors::orange, 1.5, true});
    svg.text({right, y(level.value) - 6}, level.name, {.size = 12, .color = colors::orange, .anchor = Anchor::end});
  }
  return svg;
}

}  // namespace clip::inline CLIP_ABI
