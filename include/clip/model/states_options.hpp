// clip/model/states_options.hpp: options of states(), which returns every row of a layer.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/size.hpp>

#include <string>

namespace clip::inline CLIP_ABI {

/// The rows that states() returns.
struct StatesOptions {
  /// The rows after this many blocks; negative: counted from the end, -1 after the last block, -2 before it.
  Index layer = -1;
  /// Texts only: padded to the context, as the reference computes them; otherwise up to the end-of-text token.
  bool padded = false;
  /// Texts only: whether ln_final follows.
  bool final_norm = false;
};

namespace detail {
/// The number of blocks that an option means. OptionError: more than the tower has.
inline Index blocks_of(Index layer, Index depth) {
  const Index blocks = layer < 0 ? depth + 1 + layer : layer;
  if (blocks < 0 || blocks > depth)
    raise(OptionError{"states", "layer", std::to_string(-depth - 1) + " to " + std::to_string(depth), layer});
  return blocks;
}
}  // namespace detail

}  // namespace clip::inline CLIP_ABI
