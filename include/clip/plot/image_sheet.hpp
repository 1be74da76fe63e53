// clip/plot/image_sheet.hpp: rows of small captioned images, with frames that mark right and wrong ones.
#pragma once

#include <clip/image/image.hpp>
#include <clip/plot/drawing.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace clip::inline CLIP_ABI {

/// An image of the sheet and two short lines below it. Images may refer to pixels of the caller.
struct SheetTile {
  Image image{};
  std::string caption{}, note{};
  bool right = true;
};

struct SheetRow {
  std::string name{};
  std::vector<SheetTile> tiles{};
};

struct ImageSheet {
  std::string title{}, note{};
  std::string right_means = "right", wrong_means = "wrong";  // labels of the two colours in the legend
  std::vector<SheetRow> rows{};
  bool in_order = false;  // tiles stay in their order, as answers of a search; otherwise right ones come first
};

/// Right tiles have a blue frame; wrong ones have an orange frame and caption, and begin in the same column in all
/// rows, unless the sheet is in order.
inline Svg image_sheet(const ImageSheet& sheet) {
  constexpr double side = 60, frame = 3, pitch_y = 106, gap = 22, size = 11;
  std::vector<std::string> names, texts;
  std::size_t most_right = 0, most_wrong = 0;
  for (const SheetRow& row : sheet.rows) {
    names.push_back(row.name);
    for (const SheetTile& tile : row.tiles) texts.insert(texts.end(), {tile.caption, tile.note});
    const auto n = static_cast<std::size_t>(
        std::count_if(row.tiles.begin(), row.tiles.end(), [](const SheetTile& t) { return t.right; }));
    most_right = std::max(most_right, sheet.in_order ? row.tiles.size() : n);
    most_wrong = std::max(most_wrong, sheet.in_order ? 0 : row.tiles.size() - n);
  }
  const double pitch_x = std::max(side + 2 * frame + 10, detail::widest(texts, size) + 6);
  const double left = detail::margin + detail::widest(names, 13) + 14, top = detail::heading_height + 36;
  const double wrong_left = left + static_cast<double>(most_right) * pitch_x + gap;
  const double last = sheet.in_order ? wrong_left - gap : wrong_left + static_cast<double>(most_wrong) * pitch_x;
  const double width = std::max(last + detail::margin, detail::heading_width(sheet.title, sheet.note));

  Svg svg{width, top + static_cast<double>(sheet.rows.size()) * pitch_y + 6, sheet.title};
  detail::draw_heading(svg, sheet.title, sheet.note);
  const auto key = [&](double x, Rgb color, const std::string& meaning) {
    svg.rect({x, top - 28}, 13, 13, color, 2);
    svg.text({x + 20, top - 17}, meaning, {.size = 12, .color = color, .bold = true});
  };
  key(left + (pitch_x - side) / 2 - frame, colors::blue, sheet.right_means);
  const std::vector<std::string> first_key{sheet.right_means};
  const double second_key = sheet.in_order ? left + 20 + detail::widest(first_key, 12) + gap : wrong_left;
  key(second_key + (pitch_x - side) / 2 - frame, colors::orange, sheet.wrong_means);

  for (std::size_t i = 0; i < sheet.rows.size(); ++i) {
    const double y = top + static_cast<double>(i) * pitch_y;
    svg.text({left - 14, y + frame + side / 2 + 4}, sheet.rows[i].name,
             {.size = 13, .anchor = Anchor::end, .bold = true});
    double next_right = left, next_wrong = wrong_left;
    for (const SheetTile& tile : sheet.rows[i].tiles) {
      double& next = tile.right || sheet.in_order ? next_right : next_wrong;
      const double x = next + (pitch_x - side) / 2;
      const Rgb color = tile.right ? colors::blue : colors::orange;
      svg.rect({x - frame, y}, side + 2 * frame, side + 2 * frame, color, 2);
      svg.image({x, y + frame}, side, side, tile.image);
      svg.text({x + side / 2, y + side + 2 * frame + 13}, tile.caption,
               {.size = size, .color = tile.right ? colors::faint : colors::orange, .anchor = Anchor::middle});
      svg.text({x + side / 2, y + side + 2 * frame + 26}, tile.note,
               {.size = size - 1, .color = colors::faint, .anchor = Anchor::middle});
      next += pitch_x;
    }
  }
  return svg;
}

}  // namespace clip::inline CLIP_ABI
