// clip/tokens/learned.hpp: ids of learned vectors among the tokens of a prompt (Zhou et al., Learning to Prompt, 2022).
//
// Ids of tokens are 0 or more. The negative id -1 - v means row v of a learned matrix. Sorting, prefix sharing and
// batch arrangement treat both kinds of ids alike, so a learned prefix that all prompts share is computed once.
#pragma once

#include <clip/core/size.hpp>
#include <clip/tokens/prefix_tree.hpp>
#include <clip/tokens/texts.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace clip::inline CLIP_ABI {

/// The id of learned vector v. The function is its own inverse.
constexpr std::int32_t learned_id(Index v) { return static_cast<std::int32_t>(-1 - v); }

/// Inserts the learned vectors first … first + count - 1 after the first `at` ids of every text (1: after the start of
/// text).
///   with_learned(tokenizer({"cat.", "dog."}), 16)      // SOT v0 … v15 cat . EOT
/// InputError: `at` is beyond the end of a text.
inline Texts with_learned(const Texts& texts, Index count, Index at = 1, Index first = 0) {
  Texts prompts{texts.eot_id()};
  prompts.set_vocabulary(texts.shared_vocabulary());
  std::vector<std::int32_t> ids;
  for (Index i = 0; i < texts.size(); ++i) {
    const Ids row = texts[i];
    if (at < 0 || at > texts.eot(i))
      raise(InputError{"text " + std::to_string(i), "position of learned vectors",
                       "0 to " + std::to_string(texts.eot(i)), at});
    ids.assign(row.begin(), row.begin() + at);
    for (Index v = first; v < first + count; ++v) ids.push_back(learned_id(v));
    ids.insert(ids.end(), row.begin() + at, row.end());
    prompts.add(ids, texts.was_cut(i));
  }
  return prompts;
}

/// Computes batch.vectors from batch.ids.
inline void number_vectors(TextBatch& batch) {
  batch.vectors.resize(batch.ids.size());
  std::ranges::transform(batch.ids, batch.vectors.begin(), [](std::int32_t id) { return learned_id(id); });
}

}  // namespace clip::inline CLIP_ABI
