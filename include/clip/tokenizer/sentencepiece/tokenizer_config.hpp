// clip/tokenizer/sentencepiece/tokenizer_config.hpp: what a tokenizer_config.json says about the rows of a batch.
#pragma once

#include <clip/core/result.hpp>
#include <clip/tokenizer/options.hpp>
#include <clip/tokenizer/sentencepiece/piece_tables.hpp>

#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI::detail {

/// Reads add_bos_token, add_eos_token, bos_token, eos_token and pad_token. `row` holds the model file's own ids, which
/// stay where the file says nothing; its `start` is the bos piece, which rows begin with only if add_bos_token is true.
/// `pads`: whether pad_token is stated. LoadError: not JSON, a token that is no piece of the vocabulary.
[[nodiscard]] CLIP_HOST Result<void> try_read_tokenizer_config(std::string_view config, const std::string& place,
                                                               const PieceTables& tables, RowIds& row, bool& pads);

}  // namespace clip::inline CLIP_ABI::detail

#if !CLIP_HOST_LINKED
#include <clip/tokenizer/sentencepiece/tokenizer_config.inl.hpp>
#endif
