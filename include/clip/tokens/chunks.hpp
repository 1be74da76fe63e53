// clip/tokens/chunks.hpp: a text of any length as rows of a tower's context, with a weight for every token.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/sequences.hpp>
#include <clip/core/size.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace clip::inline CLIP_ABI {

/// The ids around and after those of a text.
struct ChunkIds {
  std::int32_t start = 49406;
  std::int32_t end = 49407;
  std::int32_t pad = 49407;  // 49407 in Stable Diffusion 1 and in the first encoder of XL; 0 in 2 and in XL's second
};

/// Rows of `context` ids each, `start`, context - 2 ids of the text, `end`; the last row is filled with `pad` after its
/// end. A weight per id: 1 for all that is no token of a text.
struct TextChunks {
  Index context = 0;
  std::vector<std::int32_t> ids;  // (count, context)
  std::vector<float> weights;     // (count, context)
  std::vector<Index> ends;        // the position of the end in every row

  Index count() const { return static_cast<Index>(ends.size()); }
  Ids row(Index i) const& {
    return Ids{ids}.subspan(static_cast<std::size_t>(i * context), static_cast<std::size_t>(context));
  }
  void row(Index) const&& = delete;
  std::span<const float> weights_of(Index i) const& {
    return std::span{weights}.subspan(static_cast<std::size_t>(i * context), static_cast<std::size_t>(context));
  }
  void weights_of(Index) const&& = delete;

  /// Appends empty rows, to give two texts equally many, as one denoiser reads both: the text asked for and the one to
  /// avoid.
  void fill(Index rows, const ChunkIds& around = {}) {
    while (count() < rows) add({}, {}, around);
  }
  /// Appends one row of at most context - 2 ids; no weights are ones.
  void add(Ids text, std::span<const float> weights_of_text, const ChunkIds& around) {
    const std::size_t end = ids.size() + static_cast<std::size_t>(context);
    ids.push_back(around.start);
    weights.push_back(1);
    ids.insert(ids.end(), text.begin(), text.end());
    if (weights_of_text.empty()) weights.resize(ids.size(), 1);
    else weights.insert(weights.end(), weights_of_text.begin(), weights_of_text.end());
    ends.push_back(static_cast<Index>(text.size()) + 1);
    ids.push_back(around.end);
    ids.resize(end, around.pad);
    weights.resize(end, 1);
  }
};

/// A text as chunks, at least one:
///   TextChunks chunks = text_chunks(tokenizer.encode(prompt));           // 75 ids of the text in each
/// `ids`: of the whole text, without those around it, of any number. `weights`: one per id, or none.
/// InputError: another number of weights. OptionError: a context of less than 3.
inline TextChunks text_chunks(Ids ids, std::span<const float> weights = {}, const ChunkIds& around = {},
                              Index context = 77) {
  if (context < 3) raise(OptionError{"text_chunks", "context", "3 or more", context});
  if (!weights.empty() && weights.size() != ids.size())
    raise(InputError{"text_chunks", "number of weights", ids.size(), weights.size()});
  TextChunks chunks{.context = context, .ids = {}, .weights = {}, .ends = {}};
  const auto most = static_cast<std::size_t>(context - 2);
  std::size_t at = 0;
  do {
    const std::size_t n = std::min(most, ids.size() - at);
    chunks.add(ids.subspan(at, n), weights.empty() ? weights : weights.subspan(at, n), around);
    at += n;
  } while (at < ids.size());
  return chunks;
}

}  // namespace clip::inline CLIP_ABI
