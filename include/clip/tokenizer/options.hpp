// clip/tokenizer/options.hpp: the choices between a text and its ids: cleaning, special strings, length. They belong to the weights.
#pragma once

#include <clip/core/choice.hpp>
#include <clip/core/size.hpp>

#include <array>
#include <string_view>

namespace clip::inline CLIP_ABI {

/// How a text is cleaned before it is split.
///   openai:      repaired (fix_text.hpp), HTML references written out twice, then as `none`
///   open_clip:   the same, with U+001C … U+001F white space everywhere and not at the ends alone
///   huggingface: normal form C, white space collapsed to single spaces, lower case letter by letter (no final sigma)
///   none:        white space collapsed to single spaces, lower case
enum class Cleaning : unsigned char { openai, open_clip, huggingface, none };

/// The strings inside a text that mean SOT and EOT themselves. `none`: no text can, which is right for texts of strangers.
///   openai: <|startoftext|> <|endoftext|>      open_clip: <start_of_text> <end_of_text>
enum class SpecialStrings : unsigned char { openai, open_clip, none };

/// What a model's training did to texts; stored with the model, by the names below.
struct TextPolicy {
  Cleaning cleaning = Cleaning::openai;
  SpecialStrings specials = SpecialStrings::openai;

  friend constexpr bool operator==(const TextPolicy&, const TextPolicy&) = default;
};

/// CLIP's own tokenizer; open_clip's SimpleTokenizer; transformers' CLIPTokenizer.
inline constexpr TextPolicy openai_texts{};
inline constexpr TextPolicy open_clip_texts{Cleaning::open_clip, SpecialStrings::open_clip};
inline constexpr TextPolicy huggingface_texts{Cleaning::huggingface, SpecialStrings::openai};

/// A text of more ids than fit: an InputError, or the first of them with the last replaced by the end (EOT, [SEP]).
enum class TooLong : unsigned char { error, truncate };

struct TokenizeOptions {
  Index context = 77;  // ids of a text at most, start and end included
  TooLong too_long = TooLong::error;
};

/// The strings of a choice; empty where there are none.
struct SpecialPair {
  std::string_view start, end;
};
constexpr SpecialPair strings_of(SpecialStrings specials) {
  if (specials == SpecialStrings::none) return {};
  return specials == SpecialStrings::open_clip ? SpecialPair{"<start_of_text>", "<end_of_text>"}
                                               : SpecialPair{"<|startoftext|>", "<|endoftext|>"};
}

// The names files use, and back; anything else is an OptionError.
constexpr std::string_view name_of(Cleaning cleaning) {
  constexpr std::array<std::string_view, 4> names{"openai", "open_clip", "huggingface", "none"};
  return names[static_cast<std::size_t>(cleaning)];
}
constexpr std::string_view name_of(SpecialStrings specials) {
  constexpr std::array<std::string_view, 3> names{"openai", "open_clip", "none"};
  return names[static_cast<std::size_t>(specials)];
}
inline Result<Cleaning> try_cleaning(std::string_view name) {
  return try_choice("texts", "cleaning", name,
                    std::array{Cleaning::openai, Cleaning::open_clip, Cleaning::huggingface, Cleaning::none});
}
inline Result<SpecialStrings> try_special_strings(std::string_view name) {
  return try_choice("texts", "special strings", name,
                    std::array{SpecialStrings::openai, SpecialStrings::open_clip, SpecialStrings::none});
}

}  // namespace clip::inline CLIP_ABI
