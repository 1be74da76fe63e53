// clip/plot/drawing.hpp: shared parts of the charts: colours, headings, text widths, tick steps.
#pragma once

#include <clip/plot/svg.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Distinguishable also with red-green colour blindness.
namespace colors {
inline constexpr Rgb white{255, 255, 255}, pale{247, 248, 250}, ink{31, 41, 51}, faint{101, 113, 128},
    grid{225, 230, 236};
inline constexpr Rgb blue{27, 88, 160}, orange{208, 83, 16};
}  // namespace colors

namespace detail {

/// An upper estimate: the average letter is 0.58 of the font size wide, a bold one 0.64.
inline double text_width(std::string_view text, double size, bool bold = false) {
  const auto letters =
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
  return static_cast<double>(letters) * size * (bold ? 0.64 : 0.58);
}
inline double widest(const std::vector<std::string>& texts, double size) {
  double width = 0;
  for (const std::string& text : texts) width = std::max(width, text_width(text, size));
  return width;
}

/// Title and note at the top left; the content begins below heading_height.
inline constexpr double heading_height = 62, margin = 20;
inline double heading_width(std::string_view title, std::string_view note) {
  return 2 * margin + std::max(text_width(title, 17, true), text_width(note, 12));
}
template <class Drawing>
void draw_heading(Drawing& drawing, std::string_view title, std::string_view note) {
  drawing.text({margin, 30}, title, {.size = 17, .color = colors::ink, .bold = true});
  drawing.text({margin, 50}, note, {.size = 12, .color = colors::faint});
}

/// The text colour, dark or light, with the greater contrast on a filled cell.
inline Rgb readable_on(Rgb fill) {
  return contrast(fill, colors::white) > contrast(fill, colors::ink) ? colors::white : colors::ink;
}

/// The smallest step of 1, 2 or 5 times a power of ten that divides the range into at most `most` parts.
inline double tick_step(double range, int most) {
  const double rough = std::max(range, 1e-12) / most, power = std::pow(10.0, std::floor(std::log10(rough)));
  for (const double step : {1.0, 2.0, 5.0})
    if (step * power >= rough * (1 - 1e-9)) return step * power;
  return 10 * power;
}

}  // namespace detail

}  // namespace clip::inline CLIP_ABI
