// clip/image/resize/order.hpp: which pass of a resize comes first.
#pragma once

#include <clip/config/preprocessing.hpp>
#include <clip/core/size.hpp>

namespace clip::inline CLIP_ABI::detail {

/// True if the vertical pass comes before the horizontal pass. Between them pixels are rounded to their type, so the
/// order changes bits. Pillow 13 shrinks the height first if it loses more than twice as many pixels as the width; a
/// width that grows counts as a negative loss. The other resamplings always begin with the rows.
constexpr bool vertical_first(Resampling resampling, Index width, Index height, Index to_width, Index to_height) {
  const Index fewer_rows = height - to_height, fewer_columns = width - to_width;
  return resampling == Resampling::pillow13 && fewer_rows > 0 && fewer_rows > 2 * fewer_columns;
}

}  // namespace clip::inline CLIP_ABI::detail
