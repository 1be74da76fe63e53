// clip/plot/raster.hpp: drawing of shapes and texts as pixels, with the calls of Svg.
#pragma once

#include <clip/image/image.hpp>
#include <clip/plot/stroke_font.hpp>
#include <clip/plot/svg.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// A drawing of the same size and calls as Svg, at `scale` pixels per unit, with smooth edges. Texts are in a font of
/// lines with the letters of ASCII; other characters are boxes.
class Raster {
 public:
  Raster(double width, double height, std::string_view, double scale = 2)
      : scale_{scale}, width_{static_cast<Index>(std::ceil(width * scale))}, height_{static_cast<Index>(
                                                                                 std::ceil(height * scale))},
        pixels_(static_cast<std::size_t>(width_ * height_ * 3), 255),
        cover_(static_cast<std::size_t>(width_ * height_)) {}

  void rect(Point corner, double width, double height, Rgb fill, double = 0) {
    const double x = corner.x, y = corner.y;
    polygon(std::vector<Point>{{x, y}, {x + width, y}, {x + width, y + height}, {x, y + height}}, fill);
  }
  void line(Point from, Point to, const Stroke& stroke) { polyline(std::vector<Point>{from, to}, stroke); }
  void polyline(std::span<const Point> points, const Stroke& stroke) {
    const double half = std::max(0.5, stroke.width * scale_ / 2);
    double done = 0;  // along the line, for dashes of 6 units with gaps of 4
    for (std::size_t i = 1; i < points.size(); ++i) {
      const Point a = points[i - 1], b = points[i];
      const double length = std::hypot(b.x - a.x, b.y - a.y);
      if (!stroke.dashed) {
        cover(a, b, half);
        continue;
      }
      const auto at = [&](double t) { return Point{a.x + (b.x - a.x) * t / length, a.y + (b.y - a.y) * t / length}; };
      for (double t = 0; t < length;) {
        const double phase = std::fmod(done + t, 10.0), step = std::min(length - t, phase < 6 ? 6 - phase : 10 - phase);
        if (phase < 6) cover(at(t), at(t + step), half);
        t += std::max(step, 1e-6);
      }
      done += length;
    }
    paint(stroke.color);
  }
  void polygon(std::span<const Point> points, Rgb fill) {
    constexpr int samples = 4;  // per pixel and axis
    Box box;
    for (const Point& p : points) box.add(p.x * scale_, p.y * scale_);
    each_pixel(box, 1, [&](Index x, Index y, float& covered) {
      int inside = 0;
      for (int s = 0; s < samples * samples; ++s)
        inside += contains(points, (static_cast<double>(x) + (s % samples + 0.5) / samples) / scale_,
                           (static_cast<double>(y) + (s / samples + 0.5) / samples) / scale_)
                      ? 1
                      : 0;
      covered = std::max(covered, static_cast<float>(inside) / (samples * samples));
    });
    paint(fill);
  }
  void text(Point at, std::string_view words, const Font& font = {}) {
    const std::string valid = valid_utf8(words);
    const double unit = 0.08 * font.size, half = (font.bold ? 0.065 : 0.042) * font.size * scale_;
    double width = 0;
    each_character(valid, [&](char32_t c) { width += advance(c) * unit; });
    double from = font.anchor == Anchor::start ? 0 : font.anchor == Anchor::end ? -width : -width / 2;
    const double angle = font.rotation * std::numbers::pi / 180, sine = std::sin(angle), cosine = std::cos(angle);
    const auto place = [&](double x, double y) {
      return Point{at.x + x * cosine - y * sine, at.y + x * sine + y * cosine};
    };
    each_character(valid, [&](char32_t c) {
      const std::string_view strokes = detail::strokes_of(c);
      for (std::size_t i = 0; i + 3 < strokes.size();) {
        if (strokes[i + 2] == ' ') {
          i += 3;
          continue;
        }
        const auto point = [&](std::size_t k) {
          return place(from + (strokes[k] - '0' + 1) * unit, -(strokes[k + 1] - 'd') * unit);
        };
        cover(point(i), point(i + 2), half);
        i += 2;
      }
      from += advance(c) * unit;
    });
    paint(font.color);
  }

  /// RGB.
  Image image() const { return Image{width_, height_, Pixels::rgb, pixels_}; }

 private:
  struct Box {
    double left = INFINITY, top = INFINITY, right = -INFINITY, bottom = -INFINITY;
    void add(double x, double y) {
      if (!std::isfinite(x) || !std::isfinite(y)) raise(InputError{"raster", "a number to draw", "finite", x + y});
      left = std::min(left, x);
      right = std::max(right, x);
      top = std::min(top, y);
      bottom = std::max(bottom, y);
    }
  };

  /// Columns of a character and the space around it.
  static double advance(char32_t c) {
    const std::string_view strokes = detail::strokes_of(c);
    char widest = '0';
    for (const char x : strokes) widest = x >= '0' && x <= '9' ? std::max(widest, x) : widest;
    return strokes.empty() ? 4 : widest - '0' + 2.4;
  }
  static void each_character(std::string_view valid, auto&& use) {
    for (std::size_t i = 0; i < valid.size();) {
      const auto byte = static_cast<unsigned char>(valid[i]);
      const std::size_t n = byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
      char32_t c = n == 1 ? byte : byte & (0xFFU >> (n + 1));
      for (std::size_t k = 1; k < n && i + k < valid.size(); ++k)
        c = c << 6 | (static_cast<unsigned char>(valid[i + k]) & 0x3FU);
      use(c);
      i += n;
    }
  }
  static bool contains(std::span<const Point> points, double x, double y) {  // by the number of edges to the left
    bool inside = false;
    for (std::size_t i = 0, j = points.size() - 1; i < points.size(); j = i++) {
      const Point a = points[i], b = points[j];
      if ((a.y > y) != (b.y > y) && x < (b.x - a.x) * (y - a.y) / (b.y - a.y) + a.x) inside = !inside;
    }
    return inside;
  }

  void each_pixel(Box box, double margin, auto&& use) {
    const auto limit = [](double x, Index most) {
      return static_cast<Index>(std::clamp(x, 0.0, static_cast<double>(most)));
    };
    const Index left = limit(box.left - margin, width_), right = limit(std::ceil(box.right + margin), width_);
    const Index top = limit(box.top - margin, height_), bottom = limit(std::ceil(box.bottom + margin), height_);
    for (Index y = top; y < bottom; ++y)
      for (Index x = left; x < right; ++x) use(x, y, cover_[static_cast<std::size_t>(y * width_ + x)]);
    painted_.add(static_cast<double>(left), static_cast<double>(top));
    painted_.add(static_cast<double>(right), static_cast<double>(bottom));
  }

  /// Covers a line with round ends; half of its width in pixels.
  void cover(Point from, Point to, double half) {
    const double ax = from.x * scale_, ay = from.y * scale_, dx = to.x * scale_ - ax, dy = to.y * scale_ - ay;
    Box box;
    box.add(ax, ay);
    box.add(ax + dx, ay + dy);
    const double squared = dx * dx + dy * dy;
    each_pixel(box, half + 1, [&](Index x, Index y, float& covered) {
      const double px = static_cast<double>(x) + 0.5 - ax, py = static_cast<double>(y) + 0.5 - ay;
      const double t = squared > 0 ? std::clamp((px * dx + py * dy) / squared, 0.0, 1.0) : 0;
      const double share = std::clamp(half + 0.5 - std::hypot(px - t * dx, py - t * dy), 0.0, 1.0);
      covered = std::max(covered, static_cast<float>(share));
    });
  }

  /// Paints what is covered, and uncovers it.
  void paint(Rgb color) {
    const Box box = std::exchange(painted_, {});
    for (auto y = static_cast<Index>(box.top); y < static_cast<Index>(box.bottom); ++y)
      for (auto x = static_cast<Index>(box.left); x < static_cast<Index>(box.right); ++x) {
        const auto at = static_cast<std::size_t>(y * width_ + x);
        const float share = std::exchange(cover_[at], 0.0f);
        if (share == 0) continue;
        std::uint8_t* const pixel = pixels_.data() + 3 * at;
        const Rgb mixed = mix({pixel[0], pixel[1], pixel[2]}, color, static_cast<double>(share));
        pixel[0] = mixed.red;
        pixel[1] = mixed.green;
        pixel[2] = mixed.blue;
      }
  }

  double scale_;
  Index width_, height_;
  std::vector<std::uint8_t> pixels_;
  std::vector<float> cover_;
  Box painted_;
};

}  // namespace clip::inline CLIP_ABI
