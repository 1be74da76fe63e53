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

/// visit(output, each_tap); each_tap(f) calls f(pixel, tap) for the pixels under the window that exist.
/// `window`: a Window or a CentredWindow
template <class W>
void visit_window(Index output, Grid grid, Grid outputs, W window, auto visit) {
  const Taps taps = taps_of(window);
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

/// The same for every output.
template <class W>
void each_window(Grid grid, W window, auto visit) {
  const Grid outputs = window.over(grid);
  for (Index output = 0; output < outputs.rows(); ++output) visit_window(output, grid, outputs, window, visit);
}

/// The same for the outputs whose window contains a pixel, in their order.
inline void each_window_of(Index pixel, Grid grid, Window window, auto visit) {
  const Grid outputs = window.over(grid);
  const auto ys = window.containing(pixel / grid.width % grid.height, outputs.height);
  const auto xs = window.containing(pixel % grid.width, outputs.width);
  for (Index y = ys.begin; y < ys.end; ++y)
    for (Index x = xs.begin; x < xs.end; ++x)
      visit_window((pixel / grid.pixels() * outputs.height + y) * outputs.width + x, grid, outputs, window, visit);
}

}  // namespace clip::inline CLIP_ABI::detail
