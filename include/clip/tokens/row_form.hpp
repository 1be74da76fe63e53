// clip/tokens/row_form.hpp: how the ids of a text fill the row of a tower that attends to the whole row.
#pragma once

#include <clip/core/abi.hpp>

#include <cstdint>

namespace clip::inline CLIP_ABI {

/// What a tower's training put before and after the tokens of a text. A tokenizer follows it:
///   [start of text] tokens, cut so that all fits · end of text · padding up to the context
/// The defaults are those of OpenAI's towers, which no padding can influence. SigLIP's have no start of text, end every
/// text with id 1, fill rows with id 1 or 0, and attend to the padding.
struct RowForm {
  std::int32_t end = -1;     // id of the end of text; -1: the vocabulary's
  std::int32_t pad = 0;      // id that fills the row
  bool start = true;         // whether a row begins with the vocabulary's start of text
  bool attends_pad = false;  // whether the padding is part of the tower's input
  bool spare_ids = false;    // whether the tower's table may have more rows than the vocabulary has ids (CLIPA's)

  friend constexpr bool operator==(const RowForm&, const RowForm&) = default;
};

}  // namespace clip::inline CLIP_ABI
