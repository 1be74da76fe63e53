// clip/tokenizer/clean/repair.hpp: the caller's own repair of a text, before it is cleaned.
#pragma once

#include <clip/core/abi.hpp>

#include <functional>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

/// A repair by the caller, which runs before ours in the cleanings that repair (openai, openai+ftfy, open_clip,
/// canonicalize): `f(text)` returns the repaired text. repair_encoding (fix_encoding.hpp) is one: with it `open_clip`
/// also repairs text that was decoded with the wrong encoding ("schÃ¶n"). The argument is valid UTF-8. If several
/// threads share the tokenizer, the function must be callable from all of them.
using TextRepair = std::function<std::string(std::string_view)>;

}  // namespace clip::inline CLIP_ABI
