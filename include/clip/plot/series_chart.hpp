// clip/plot/series_chart.hpp: chart of several series of points with error bars, joined by lines.
#pragma once

#include <clip/image/image.hpp>
#include <clip/plot/drawing.hpp>
#include <clip/plot/line_chart.hpp>
#include <clip/plot/raster.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <set>
#include <string>
#include <vector>

namespace clip::inline CLIP_ABI {

/// A value at x; its error bar reaches `deviation` up and down. 0: none.
struct SeriesPoint {
  double x, y, deviation = 0;
};

/// A series with one point is a star, all others have a marker at each point.
struct Series {
  std::string name;
  std::vector<SeriesPoint> points;
};

struct SeriesChart {
  std::string title{}, note{};
  std::string x_title{}, y_title{};
  std::vector<Series> series{};
};

namespace detail {

/// Distinguishable also with red-green colour blindness, beside the shapes of the markers.
inline constexpr std::array<Rgb, 8> series_colors{colors::blue,      colors::orange,   Rgb{0, 128, 96},
                                                  Rgb{196, 70, 130}, Rgb{150, 110, 0}, Rgb{70, 155, 215},
                                                  Rgb{31, 41, 51},   Rgb{130, 130, 60}};
inline constexpr Rgb star_color{117, 61, 158};

/// A regular polygon, or a star where `inner` is below 1; the first corner is above.
inline std::vector<Point> corners(Point center, double radius, int count, double inner = 1, double turned = 0) {
  std::vector<Point> points;
  const int n = inner < 1 ? 2 * count : count;
  for (int i = 0; i < n; ++i) {
    const double angle = (2.0 * i / n + turned) * std::numbers::pi,
                 r = i % 2 == 1 && inner < 1 ? radius * inner : radius;
    points.push_back({center.x + r * std::sin(angle), center.y - r * std::cos(angle)});
  }
  return points;
}

/// The marker of series `number`: circle, square, triangle, diamond, and again.
inline std::vector<Point> marker(Point center, std::size_t number, bool star) {
  if (star) return corners(center, 11, 5, 0.42);
  switch (number % 4) {
    case 0: return corners(center, 4.5, 24);
    case 1: return corners(center, 5.6, 4, 1, 0.25);
    case 2: return corners(center, 6, 3);
    default: return corners(center, 5.8, 4);
  }
}

/// Draws a chart of this size with the calls that Svg and Raster have.
template <class Drawing>
void draw_series_chart(Drawing& drawing, const SeriesChart& chart, double width, double height) {
  std::vector<std::string> names;
  std::set<double> positions;
  double low = INFINITY, high = -INFINITY;
  for (const Series& series : chart.series) {
    names.push_back(series.name);
    for (const SeriesPoint& p : series.points) {
      for (const double value : {p.x, p.y, p.deviation})
        if (!std::isfinite(value)) raise(InputError{"series_chart", "a value", "a finite number", value});
      positions.insert(p.x);
      low = std::min(low, p.y - p.deviation);
      high = std::max(high, p.y + p.deviation);
    }
  }
  if (positions.empty()) raise(InputError{"series_chart", "points", "1 or more", 0});
  if (!(low < high)) {
    low -= 1;
    high += 1;
  }
  const double padding = 0.06 * (high - low), left = 68, legend = detail::widest(names, 12) + 48,
               right = width - margin - legend, top = heading_height + 14, bottom = height - 52;
  const double first = *positions.begin(), last = std::max(*positions.rbegin(), first + 1);
  const ChartAxis x{first, last, left + 16, right - 12, 1};
  const ChartAxis y{low - padding, high + padding, bottom, top, tick_step(high - low + 2 * padding, 8)};

  draw_heading(drawing, chart.title, chart.note);
  y.ticks([&](double value, const std::string& text) {
    drawing.line({left, y(value)}, {right, y(value)}, {colors::grid, 1});
    drawing.text({left - 8, y(value) + 4}, text, {.size = 12, .color = colors::faint, .anchor = Anchor::end});
  });
  double labelled = -INFINITY;  // the position of the last label, so that labels do not touch
  for (const double value : positions) {
    drawing.line({x(value), bottom}, {x(value), bottom + 5}, {colors::faint, 1});
    const std::string text = short_number(value);
    if (x(value) - labelled < text_width(text, 12) + 6) continue;
    labelled = x(value);
    drawing.text({x(value), bottom + 19}, text, {.size = 12, .color = colors::faint, .anchor = Anchor::middle});
  }
  drawing.line({left, bottom}, {right, bottom}, {colors::faint, 1});
  drawing.text({(left + right) / 2, height - 14}, chart.x_title,
               {.size = 12, .color = colors::faint, .anchor = Anchor::middle, .bold = true});
  drawing.text({22, (top + bottom) / 2}, chart.y_title,
               {.size = 12, .color = colors::faint, .anchor = Anchor::middle, .bold = true, .rotation = -90});

  std::size_t lines = 0;
  double entry = top + 8;
  for (const Series& series : chart.series) {
    const bool star = series.points.size() == 1;
    const Rgb color = star ? star_color : series_colors[lines % series_colors.size()];
    const Stroke thin{color, 1.2};
    std::vector<Point> points;
    for (const SeriesPoint& p : series.points) {
      points.push_back({x(p.x), y(p.y)});
      if (p.deviation == 0) continue;
      const double up = y(p.y + p.deviation), down = y(p.y - p.deviation);
      drawing.line({x(p.x), up}, {x(p.x), down}, thin);
      for (const double end : {up, down}) drawing.line({x(p.x) - 4, end}, {x(p.x) + 4, end}, thin);
    }
    if (!star) drawing.polyline(points, {color, 2});
    for (const Point& p : points) drawing.polygon(marker(p, lines, star), color);

    const double at = right + 18;
    if (!star) drawing.line({at - 8, entry}, {at + 12, entry}, {color, 2});
    drawing.polygon(marker({at + 2, entry}, lines, star), color);
    drawing.text({at + 20, entry + 4}, series.name, {.size = 12, .color = colors::ink});
    entry += 22;
    lines += star ? 0 : 1;
  }
}

/// Wide enough for the heading and the legend, high enough for the legend.
inline Point series_chart_size(const SeriesChart& chart) {
  std::vector<std::string> names;
  for (const Series& series : chart.series) names.push_back(series.name);
  return {std::max(640 + widest(names, 12) + 48, heading_width(chart.title, chart.note)),
          std::max(430.0, heading_height + 90 + 22 * static_cast<double>(names.size()))};
}

}  // namespace detail

/// InputError: no points, or values that are not finite.
inline Svg series_chart(const SeriesChart& chart) {
  const Point size = detail::series_chart_size(chart);
  Svg svg{size.x, size.y, chart.title};
  detail::draw_series_chart(svg, chart, size.x, size.y);
  return svg;
}

/// The same as pixels, two per unit.
inline Image series_chart_image(const SeriesChart& chart) {
  const Point size = detail::series_chart_size(chart);
  Raster raster{size.x, size.y, chart.title};
  detail::draw_series_chart(raster, chart, size.x, size.y);
  return raster.image();
}

}  // namespace clip::inline CLIP_ABI
