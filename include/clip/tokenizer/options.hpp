// clip/tokenizer/options.hpp: tokenizer options: cleaning, special strings, maximum length. They belong to the weights.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/size.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace clip::inline CLIP_ABI {

/// How a text is cleaned before it is split.
///   openai:       repair (fix_text.hpp), unescape HTML references twice, then as `lower`
///   open_clip:    the same, but U+001C … U+001F are white space everywhere, not only at the ends
///   huggingface:  normal form C, collapse white space to single spaces, lower case letter by letter (no final sigma)
///   openai_ftfy:  as `openai`, but first a repair of text that was decoded with the wrong encoding (fix_encoding.hpp):
///                 all that OpenAI's tokenizer does where the Python package ftfy is installed
///   canonicalize: OpenCLIP's for SigLIP: all of ftfy, HTML references, `_` is a space, no ASCII punctuation, lower
///                 case, white space as under `open_clip`
///   siglip:       transformers' for SigLIP: lower case letter by letter, no ASCII punctuation (`_` vanishes as well),
///                 collapse white space to single spaces
///   siglip2:      big_vision's for SigLIP and SigLIP 2, transformers' for SigLIP 2: lower case letter by letter
///   lower:        collapse white space to single spaces, lower case
///   none:         nothing: capitals keep their case, which the published vocabularies hardly know
enum class Cleaning : unsigned char {
  openai,
  open_clip,
  huggingface,
  openai_ftfy,
  canonicalize,
  siglip,
  siglip2,
  lower,
  none
};

/// The strings that become SOT and EOT if a text contains them. `none`: no text can produce SOT or
/// EOT, which is right for untrusted texts.
///   openai: <|startoftext|> <|endoftext|>      open_clip: <start_of_text> <end_of_text>
enum class SpecialStrings : unsigned char { openai, open_clip, none };

/// How a model's training treated texts; model files store it under the names below.
struct TextPolicy {
  Cleaning cleaning = Cleaning::openai;
  SpecialStrings specials = SpecialStrings::openai;

  friend constexpr bool operator==(const TextPolicy&, const TextPolicy&) = default;
};

/// OpenAI's CLIP; open_clip's SimpleTokenizer; transformers' CLIPTokenizer.
inline constexpr TextPolicy openai_texts{};
inline constexpr TextPolicy open_clip_texts{Cleaning::open_clip, SpecialStrings::open_clip};
inline constexpr TextPolicy huggingface_texts{Cleaning::huggingface, SpecialStrings::openai};

/// The ids of a row that are not the text's; -1: none. `pad` fills the row up to the context.
struct RowIds {
  std::int32_t start = -1, end = -1, pad = -1;
};

/// A text with too many ids: an InputError, or cut, with the last id that fits replaced by the end id (EOT, [SEP]).
enum class TooLong : unsigned char { error, truncate };

struct TokenizeOptions {
  Index context = 77;  // maximum ids per text, start and end included; the length of rows that are filled
  TooLong too_long = TooLong::error;
};

/// The two strings of a SpecialStrings; empty for `none`.
struct SpecialPair {
  std::string_view start, end;
};
constexpr SpecialPair strings_of(SpecialStrings specials) {
  if (specials == SpecialStrings::none) return {};
  return specials == SpecialStrings::open_clip ? SpecialPair{"<start_of_text>", "<end_of_text>"}
                                               : SpecialPair{"<|startoftext|>", "<|endoftext|>"};
}

// The names in model files, and their inverse, which returns an OptionError for any other name.
constexpr std::string_view name_of(Cleaning cleaning) {
  constexpr std::array<std::string_view, 9> names{"openai", "open_clip", "huggingface", "openai+ftfy", "canonicalize",
                                                  "siglip", "siglip2",   "lower",       "none"};
  return names[static_cast<std::size_t>(cleaning)];
}
constexpr std::string_view name_of(SpecialStrings specials) {
  constexpr std::array<std::string_view, 3> names{"openai", "open_clip", "none"};
  return names[static_cast<std::size_t>(specials)];
}
CLIP_HOST Result<Cleaning> try_cleaning(std::string_view name);
CLIP_HOST Result<SpecialStrings> try_special_strings(std::string_view name);

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/tokenizer/options.inl.hpp>
#endif
