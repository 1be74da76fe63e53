// clip/tokenizer/batch_calls.hpp: call operators shared by all tokenizers: texts in, a batch of ids out; length limits.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/size.hpp>
#include <clip/tokenizer/options.hpp>
#include <clip/tokenizer/unicode/unicode.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI {

/// The call operators of a tokenizer `Self`, which provides `try_batch(texts, options)`. `Context` is the default
/// maximum number of ids per text. Every call: InputError: a text is too long. OptionError: a context of less than 2.
template <class Self, class Rows, Index Context>
class BatchCalls {
 public:
  Rows operator()(std::initializer_list<std::string_view> texts,
                  const TokenizeOptions& options = {.context = Context}) const {
    return (*this)(std::span<const std::string_view>{texts.begin(), texts.size()}, options);
  }
  Rows operator()(std::span<const std::string> texts, const TokenizeOptions& options = {.context = Context}) const {
    return try_tokenize(texts, options).value();
  }
  Rows operator()(std::span<const std::string_view> texts,
                  const TokenizeOptions& options = {.context = Context}) const {
    return try_tokenize(texts, options).value();
  }
  Rows operator()(const std::vector<std::string>& texts, const TokenizeOptions& options = {.context = Context}) const {
    return (*this)(std::span{texts}, options);
  }
  Rows operator()(std::string_view text, const TokenizeOptions& options = {.context = Context}) const {
    return (*this)(std::span{&text, 1}, options);
  }

  [[nodiscard]] Result<Rows> try_tokenize(std::span<const std::string> texts,
                                          const TokenizeOptions& options = {.context = Context}) const {
    return static_cast<const Self&>(*this).try_batch(texts, options);
  }
  [[nodiscard]] Result<Rows> try_tokenize(std::span<const std::string_view> texts,
                                          const TokenizeOptions& options = {.context = Context}) const {
    return static_cast<const Self&>(*this).try_batch(texts, options);
  }
};

namespace detail {

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

/// Adds every text to `rows` as `start`, the ids that encode(text) appends to `ids`, and `end`.
template <class Text, class Rows, class Encode>
Result<void> try_add_texts(std::span<const Text> batch, const TokenizeOptions& options, std::int32_t start,
                           std::int32_t end, std::vector<std::int32_t>& ids, Rows& rows, Encode encode) {
  if (options.context < 2) return OptionError{"tokenizer", "context", "2 or more", options.context};
  const auto context = static_cast<std::size_t>(options.context);
  for (const std::string_view text : batch) {
    if (text.size() > largest_text) return text_too_large(text);
    ids.assign(1, start);
    encode(text);
    ids.push_back(end);
    const bool cut = ids.size() > context;
    if (cut) {
      if (options.too_long == TooLong::error)
        return InputError{"text " + std::to_string(rows.size()) + " (\"" + beginning_of(text) + "\")", "ids",
                          "at most " + std::to_string(context), ids.size()}
            .with_id("clip.input.tokens");
      ids.resize(context);
      ids.back() = end;
    }
    rows.add(ids, cut);
  }
  return {};
}

}  // namespace detail
}  // namespace clip::inline CLIP_ABI
