// clip/model/text_input.hpp: limits of the token ids that a text tower takes.
#pragma once

#include <clip/core/size.hpp>

namespace clip::inline CLIP_ABI {

/// The input of a text tower.
struct TextInput {
  Index context;     // maximum number of ids of a text
  Index vocabulary;  // ids are less than this
};

}  // namespace clip::inline CLIP_ABI
