// clip/tokenizer/clean/repair.hpp: the caller's own repair of a text, before it is cleaned.
#pragma once

#include <clip/core/abi.hpp>

#include <functional>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

/// A repair by the caller, which runs before ours in the cleanings that repair (openai, open_clip): `f(text)`
/// returns the repaired text. ftfy also repairs text that was decoded with the wrong encoding ("schÃ¶n"); fix_text
/// does not. Pass that step alone here, or all of ftfy.fix_text: fix_text then completes the former and leaves the
/// result of the latter unchanged. The argument is valid UTF-8. If several threads share the tokenizer, the
/// function must be callable from all of them.
using TextRepair = std::function<std::string(std::string_view)>;

}  // namespace clip::inline CLIP_ABI
