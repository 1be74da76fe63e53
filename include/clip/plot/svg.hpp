// clip/plot/svg.hpp: SVG writer: shapes, texts, embedded images.
#pragma once

#include <clip/core/result.hpp>
#include <clip/io/atomic_file.hpp>
#include <clip/plot/png.hpp>
#include <clip/tokenizer/unicode/unicode.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

/// An sRGB colour.
struct Rgb {
  std::uint8_t red = 0, green = 0, blue = 0;

  /// "#1f5fa8"
  std::string css() const {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text = "#";
    for (std::uint8_t x : {red, green, blue}) text += {digits[x >> 4], digits[x & 15]};
    return text;
  }
  /// Relative luminance, 0 … 1 (WCAG 2.1).
  double luminance() const {
    const auto linear = [](std::uint8_t x) {
      return x <= 10 ? x / 3294.6 : std::pow((x / 255.0 + 0.055) / 1.055, 2.4);
    };
    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
  }
  friend bool operator==(const Rgb&, const Rgb&) = default;
};

/// Interpolates from a (t = 0) to b (t = 1); clamps t to [0, 1].
inline Rgb mix(Rgb a, Rgb b, double t) {
  t = std::clamp(t, 0.0, 1.0);
  const auto between = [t](std::uint8_t x, std::uint8_t y) {
    return static_cast<std::uint8_t>(std::lround(x + t * (y - x)));
  };
  return {between(a.red, b.red), between(a.green, b.green), between(a.blue, b.blue)};
}

/// Contrast ratio of two colours, from 1 (equal) to 21 (black on white). WCAG requires 4.5 for text.
inline double contrast(Rgb a, Rgb b) {
  const double x = a.luminance() + 0.05, y = b.luminance() + 0.05;
  return std::max(x, y) / std::min(x, y);
}

struct Point {
  double x, y;
};

struct Stroke {
  Rgb color{};
  double width = 1;
  bool dashed = false;
};

/// The point of a text that is placed at the given position.
enum class Anchor { start, middle, end };

struct Font {
  double size = 12;
  Rgb color{31, 41, 51};
  Anchor anchor = Anchor::start;
  bool bold = false;
  double rotation = 0;  // degrees, clockwise, about the anchor
};

namespace detail {

/// Escapes characters with a meaning in XML, and replaces those that XML does not allow by U+FFFD.
inline std::string xml_escaped(std::string_view text) {
  constexpr std::string_view unknown = "\xEF\xBF\xBD";  // U+FFFD
  const std::string valid = valid_utf8(text);
  std::string out;
  for (std::size_t i = 0; i < valid.size(); ++i) {
    const char c = valid[i];
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: {
        const std::string_view symbol = std::string_view(valid).substr(i, 3);
        if (symbol == "\xEF\xBF\xBE" || symbol == "\xEF\xBF\xBF") {
          out += unknown;
          i += 2;
        } else if (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n') out += unknown;
        else out += c;
      }
    }
  }
  return out;
}

inline std::string base64(std::span<const std::byte> bytes) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t n = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k) bits = bits << 8 | (k < n ? std::to_integer<std::uint32_t>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k) text += k <= n ? digits[bits >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

/// At most `decimals` digits after the point, without trailing zeros; independent of the locale.
inline std::string short_number(double x, int decimals = 2) {
  if (!std::isfinite(x) || std::abs(x) > 1e15) raise(InputError{"svg", "a number to draw", "finite and below 1e15", x});
  char digits[64];
  std::string text(digits, std::to_chars(digits, digits + sizeof digits, x, std::chars_format::fixed, decimals).ptr);
  if (text.find('.') != std::string::npos) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
  }
  return text == "-0" ? "0" : text;
}

}  // namespace detail

/// A drawing in user units (pixels), y downwards, on a white background. Later elements cover earlier ones. Any text is
/// valid; numbers that are not finite are an InputError.
class Svg {
 public:
  Svg(double width, double height, std::string_view title) {
    const std::string w = number(width), h = number(height);
    text_ = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + w + "\" height=\"" + h + "\" viewBox=\"0 0 " + w +
            " " + h + "\" font-family=\"system-ui, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif\">\n<title>" +
            detail::xml_escaped(title) + "</title>\n";
    rect({0, 0}, width, height, Rgb{255, 255, 255});
  }

  /// A filled rectangle; `round` is the corner radius.
  void rect(Point corner, double width, double height, Rgb fill, double round = 0) {
    text_ += "<rect x=\"" + number(corner.x) + "\" y=\"" + number(corner.y) + "\" width=\"" + number(width) +
             "\" height=\"" + number(height) + "\"";
    if (round > 0) text_ += " rx=\"" + number(round) + "\"";
    text_ += " fill=\"" + fill.css() + "\"/>\n";
  }
  void line(Point from, Point to, const Stroke& stroke) {
    text_ += "<line x1=\"" + number(from.x) + "\" y1=\"" + number(from.y) + "\" x2=\"" + number(to.x) + "\" y2=\"" +
             number(to.y) + "\"" + in_words(stroke) + "/>\n";
  }
  void polyline(std::span<const Point> points, const Stroke& stroke) {
    text_ += "<polyline points=\"";
    for (std::size_t i = 0; i < points.size(); ++i)
      text_ += (i ? " " : "") + number(points[i].x) + "," + number(points[i].y);
    text_ += "\" fill=\"none\" stroke-linejoin=\"round\"" + in_words(stroke) + "/>\n";
  }
  void polygon(std::span<const Point> points, Rgb fill) {
    text_ += "<polygon points=\"";
    for (std::size_t i = 0; i < points.size(); ++i)
      text_ += (i ? " " : "") + number(points[i].x) + "," + number(points[i].y);
    text_ += "\" fill=\"" + fill.css() + "\"/>\n";
  }
  /// `at` is on the baseline of the text.
  void text(Point at, std::string_view words, const Font& font = {}) {
    text_ += "<text x=\"" + number(at.x) + "\" y=\"" + number(at.y) + "\" font-size=\"" + number(font.size) +
             "\" fill=\"" + font.color.css() + "\"";
    if (font.anchor != Anchor::start)
      text_ += font.anchor == Anchor::middle ? " text-anchor=\"middle\"" : " text-anchor=\"end\"";
    if (font.bold) text_ += " font-weight=\"600\"";
    if (font.rotation != 0)
      text_ += " transform=\"rotate(" + number(font.rotation) + " " + number(at.x) + " " + number(at.y) + ")\"";
    text_ += ">" + detail::xml_escaped(words) + "</text>\n";
  }
  /// Embeds the pixels in the file; enlarged without interpolation.
  void image(Point corner, double width, double height, const Image& pixels) {
    text_ += "<image x=\"" + number(corner.x) + "\" y=\"" + number(corner.y) + "\" width=\"" + number(width) +
             "\" height=\"" + number(height) +
             "\" preserveAspectRatio=\"none\" style=\"image-rendering:pixelated\" href=\"data:image/png;base64," +
             detail::base64(encode_png(pixels)) + "\"/>\n";
  }

  /// The complete document.
  std::string document() const { return text_ + "</svg>\n"; }

  /// Writes the document to a file, atomically.
  [[nodiscard]] Result<void> try_save(const std::string& path) const {
    return try_write_file(path, as_byte_span(document()));
  }
  void save(const std::string& path) const { try_save(path).value(); }

 private:
  static std::string number(double x) { return detail::short_number(x); }
  static std::string in_words(const Stroke& s) {
    return " stroke=\"" + s.color.css() + "\" stroke-width=\"" + number(s.width) + "\"" +
           (s.dashed ? " stroke-dasharray=\"6 4\"" : "");
  }

  std::string text_;
};

}  // namespace clip::inline CLIP_ABI
