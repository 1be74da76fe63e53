// clip/tokenizer/batch_calls.hpp: call operators shared by all tokenizers: texts in, a batch of ids out.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/size.hpp>
#include <clip/tokenizer/options.hpp>

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI {

/// The call operators of a tokenizer `Self`, which provides `try_batch(texts, options)` for a span of string views.
/// `Context` is the default maximum number of ids per text. Every call: InputError: a text is too long. OptionError: a
/// context of less than 2.
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
    return try_tokenize(std::vector<std::string_view>(texts.begin(), texts.end()), options);
  }
  [[nodiscard]] Result<Rows> try_tokenize(std::span<const std::string_view> texts,
                                          const TokenizeOptions& options = {.context = Context}) const {
    return static_cast<const Self&>(*this).try_batch(texts, options);
  }
};

}  // namespace clip::inline CLIP_ABI
