// clip/model/text_input.hpp: limits of the token ids that a text tower takes.
#pragma once

#include <clip/core/size.hpp>

namespace clip::inline CLIP_ABI {

struct TextInput {
  Index context;     // ids of a text at most
  Index vocabulary;  // ids are below it
};

}  // namespace clip::inline CLIP_ABI
