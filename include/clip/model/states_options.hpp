// clip/model/states_options.hpp: options of states(), which returns every row of a layer.
#pragma once

#include <clip/core/size.hpp>

namespace clip::inline CLIP_ABI {

/// The rows that states() returns.
struct StatesOptions {
  /// The rows after this many blocks; -1: after the last.
  Index layer = -1;
  /// Texts only: padded to the context, as the reference computes them; otherwise up to the end-of-text token.
  bool padded = false;
};

}  // namespace clip::inline CLIP_ABI
