// clip/tokenizer/sentencepiece/piece_joins.inl.hpp: definitions of clip/tokenizer/sentencepiece/piece_joins.hpp.
#pragma once

#include <clip/tokenizer/sentencepiece/piece_joins.hpp>
#include <clip/tokenizer/sentencepiece/sorted_pieces.hpp>
#include <clip/tokenizer/vocabulary/vocabulary_error.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

CLIP_HOST Result<PieceJoins> PieceJoins::try_make(const PieceModel& model, const std::string& place,
                                                  std::size_t budget) {
  auto trie = PieceTrie::try_build(sorted_pieces(model.pieces, joins_to), place, budget);
  if (!trie) return trie.error();
  PieceJoins joins;
  joins.trie_ = std::move(*trie);
  if (!model.has_merges) {
    joins.rank_scores(model);
  } else if (auto done = joins.rank_merges(model, place); !done) {
    return done.error();
  }
  return joins;
}

/// Equal scores have equal ranks.
inline void PieceJoins::rank_scores(const PieceModel& model) {
  std::vector<std::int32_t> order(model.pieces.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::int32_t>(i);
  const auto score = [&](std::int32_t id) { return model.pieces[static_cast<std::size_t>(id)].score; };
  std::ranges::sort(order, [&](std::int32_t a, std::int32_t b) { return score(a) > score(b); });
  ranks_.resize(order.size());
  std::int32_t rank = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i > 0 && score(order[i]) < score(order[i - 1])) ++rank;
    ranks_[static_cast<std::size_t>(order[i])] = rank;
  }
}

inline Result<void> PieceJoins::rank_merges(const PieceModel& model, const std::string& place) {
  split_begin_.assign(model.pieces.size() + 1, 0);
  for (const PieceMerge& merge : model.merges) ++split_begin_[static_cast<std::size_t>(merge.whole) + 1];
  for (std::size_t i = 1; i < split_begin_.size(); ++i) split_begin_[i] += split_begin_[i - 1];
  splits_.resize(model.merges.size());
  std::vector<std::uint32_t> next = split_begin_;
  for (std::size_t i = 0; i < model.merges.size(); ++i) {
    const PieceMerge& merge = model.merges[i];
    const std::string_view whole = model.pieces[static_cast<std::size_t>(merge.whole)].text;
    for (const std::string_view half : {whole.substr(0, merge.left), whole.substr(merge.left)})
      if (half.empty() || trie_.find(half) < 0)
        return vocabulary_error(
            place, "merge " + std::to_string(i + 1), "two pieces of the vocabulary",
            '"' + std::string(whole.substr(0, merge.left)) + ' ' + std::string(whole.substr(merge.left)) + '"');
    splits_[next[static_cast<std::size_t>(merge.whole)]++] = {merge.left, static_cast<std::int32_t>(i)};
  }
  return {};
}

}  // namespace clip::inline CLIP_ABI::detail
