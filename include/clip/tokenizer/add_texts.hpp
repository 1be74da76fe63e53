// clip/tokenizer/add_texts.hpp: length limits of texts, and the loop over a batch, shared by all tokenizers.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/size.hpp>
#include <clip/core/stop.hpp>
#include <clip/tokenizer/options.hpp>
#include <clip/tokenizer/unicode/unicode.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

inline constexpr std::size_t largest_text = std::size_t{1} << 28;  // positions in the cleaned text then fit in 31 bits
inline InputError text_too_large(std::string_view text) {
  return {"tokenizer", "bytes of a text", "at most " + std::to_string(largest_text), text.size()};
}

/// The first 60 bytes on one line, cut between characters.
inline std::string beginning_of(std::string_view text) {
  std::size_t n = std::min<std::size_t>(text.size(), 60);
  while (n > 0 && n < text.size() && (static_cast<unsigned char>(text[n]) & 0xC0) == 0x80) --n;
  std::string words = valid_utf8(text.substr(0, n));
  for (char& c : words) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  return n < text.size() ? words + "…" : words;
}

/// Adds every text to `rows`: row.start, the ids that encode(text) appends to `ids`, row.end, and row.pad up to the
/// context. encode() returns whether the text could be encoded; one that could not is too long.
template <class Rows, class Encode>
Result<void> try_add_texts(std::span<const std::string_view> batch, const TokenizeOptions& options, const RowIds& row,
                           std::vector<std::int32_t>& ids, Rows& rows, Encode encode) {
  if (options.context < 2) return OptionError{"tokenizer", "context", "2 or more", options.context};
  const auto context = static_cast<std::size_t>(options.context);
  for (const std::string_view text : batch) {
    if (stop_requested()) return stopped_error("tokenizer");
    if (text.size() > largest_text) return text_too_large(text);
    ids.clear();
    if (row.start >= 0) ids.push_back(row.start);
    if (!encode(text)) return text_too_large(text);
    if (row.end >= 0) ids.push_back(row.end);
    const bool cut = ids.size() > context;
    if (cut) {
      if (options.too_long == TooLong::error)
        return InputError{"text " + std::to_string(rows.size()) + " (\"" + beginning_of(text) + "\")", "ids",
                          "at most " + std::to_string(context), ids.size()}
            .with_id("clip.input.tokens");
      ids.resize(context);
      if (row.end >= 0) ids.back() = row.end;
    }
    if (row.pad >= 0) ids.resize(context, row.pad);
    rows.add(ids, cut);
  }
  return {};
}

}  // namespace clip::inline CLIP_ABI::detail
