// clip/backend/naive/windows.hpp: sliding windows over images whose pixels are rows.
#pragma once

#include <clip/core/grid.hpp>

namespace clip::inline CLIP_ABI::detail {

/// Taps of a window: its sides, its stride, and the padding above and left of an image.
struct Taps {
  Index height, width, stride, above, left;
};
constexpr Taps taps_of(Window w) { return {w.size, w.size, w.stride, w.padding, w.padding}; }
constexpr Taps taps_of(CentredWindow w) { return {w.height, w.width, w.stride, w.height / 2, w.width / 2}; }

/// visit(output, each_tap) for every output; each_tap(f) calls f(pixel, tap) for the pixels that exist.
/// `window`: a Window or a CentredWindow
template <class W>
void each_window(Grid grid, W window, auto visit) {
  const Grid outputs = window.over(grid);
  const Taps taps = taps_of(window);
  for (Index output = 0; output < outputs.rows(); ++output) {
    const Index image = output / outputs.pixels();
    const Index top = output / outputs.width % outputs.height * taps.stride - taps.above,
                left = output % outputs.width * taps.stride - taps.left;
    visit(output, [&](auto f) {
      for (Index tap = 0; tap < window.area(); ++tap) {
        const Index y = top + tap / taps.width, x = left + tap % taps.width;
        if (y >= 0 && y < grid.height && x >= 0 && x < grid.width) f((image * grid.height + y) * grid.width + x, tap);
      }
    });
  }
}

}  // namespace clip::inline CLIP_ABI::detail
