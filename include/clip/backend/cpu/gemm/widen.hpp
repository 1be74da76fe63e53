// clip/backend/cpu/gemm/widen.hpp: blocks of panels widened once for all tiles that read them.
//
// A step that widens weights in the tile (backend/cpu/simd/widened_fma.hpp, int8_dot.hpp on AVX2) does so again for
// every six rows. Where a block of rows has many tiles, its block of a panel is widened into scratch first, and the
// tiles read that by the step `Dot::Widened`, with the same bits.
#pragma once

#include <clip/backend/cpu/gemm/tile.hpp>

namespace clip::inline CLIP_ABI::cpu {

/// The fewest tiles for which a panel is widened first.
inline constexpr Index fewest_tiles_to_widen = 6;

/// Whether the step Dot can read widened panels.
template <class Dot>
inline constexpr bool widens_panels = requires {
  typename Dot::Widened;
};

template <class Dot>
struct WidenedStepOf {
  using type = Dot;
};
template <class Dot>
  requires widens_panels<Dot>
struct WidenedStepOf<Dot> {
  using type = typename Dot::Widened;
};

/// The step that reads widened panels; Dot itself where there is none.
template <class Dot>
using WidenedStep = typename WidenedStepOf<Dot>::type;

/// Widens `depth` steps of a panel; an odd last step of a lane of two is followed by another one of zeros.
template <class Dot>
void widen_panel(const typename Dot::PanelLane* panel, Index depth, typename Dot::Widened::PanelLane* to) {
  constexpr Index size = Dot::LanePacket::size, width = 2 * size;
  for (Index k = 0; k < depth; k += Dot::parts, panel += width, to += Dot::parts * width)
    for (Index j = 0; j < width; j += size) {
      Dot::load(panel + j).store(to + j);
      if constexpr (Dot::parts == 2) Dot::load_second(panel + j).store(to + width + j);
    }
}

/// The prefetcher of a tile of `step` lanes per lane of its panel, for a tile that reads the widened panel.
template <class Dot>
Prefetcher<typename WidenedStep<Dot>::PanelLane> widened_prefetcher(const typename Dot::PanelLane* next, Index step) {
  using Wide = typename WidenedStep<Dot>::PanelLane;
  constexpr Index wide = static_cast<Index>(sizeof(Wide)) * Dot::parts, own = sizeof(typename Dot::PanelLane);
  return {reinterpret_cast<const Wide*>(next), (step * own + wide - 1) / wide};
}

}  // namespace clip::inline CLIP_ABI::cpu
