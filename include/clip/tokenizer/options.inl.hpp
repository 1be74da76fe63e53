// clip/tokenizer/options.inl.hpp: definitions of clip/tokenizer/options.hpp.
#pragma once

#include <clip/core/choice.hpp>
#include <clip/tokenizer/options.hpp>

#include <array>
#include <string_view>

namespace clip::inline CLIP_ABI {

CLIP_HOST Result<Cleaning> try_cleaning(std::string_view name) {
  return try_choice(
      "texts", "cleaning", name,
      std::array{Cleaning::openai, Cleaning::open_clip, Cleaning::huggingface, Cleaning::openai_ftfy,
                 Cleaning::canonicalize, Cleaning::siglip, Cleaning::siglip2, Cleaning::lower, Cleaning::none});
}
CLIP_HOST Result<SpecialStrings> try_special_strings(std::string_view name) {
  return try_choice("texts", "special strings", name,
                    std::array{SpecialStrings::openai, SpecialStrings::open_clip, SpecialStrings::none});
}

}  // namespace clip::inline CLIP_ABI
