// clip/tokenizer/sentencepiece/piece_joins.hpp: which neighbours BPE joins, and in which order.
#pragma once

#include <clip/core/result.hpp>
#include <clip/tokenizer/sentencepiece/piece_model.hpp>
#include <clip/tokenizer/sentencepiece/piece_trie.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

/// Whether neighbours are joined to pieces of this kind. (Unused pieces are split again at the end.)
inline bool joins_to(PieceKind kind) {
  return kind == PieceKind::normal || kind == PieceKind::user_defined || kind == PieceKind::unused;
}

/// The ranks of joins: of the pieces that result, by their scores; of a tokenizer.json, of the merges in their order.
class PieceJoins {
 public:
  static constexpr std::int32_t no_rank = 0x7FFFFFFF;

  struct Joined {
    std::int32_t rank = no_rank;  // less is joined first; no_rank: the two are not joined
    PieceTrie::Node node;
  };

  /// LoadError: a merge that is not of two pieces; clip.load.budget: tables of more than `budget` bytes.
  [[nodiscard]] static CLIP_HOST Result<PieceJoins> try_make(const PieceModel& model, const std::string& place,
                                                             std::size_t budget);

  /// The pieces for which joins_to().
  const PieceTrie& trie() const { return trie_; }

  /// `left`: the node of the first `left_bytes` bytes.
  Joined join(PieceTrie::Node left, std::size_t left_bytes, std::string_view right) const {
    if (!trie_.step(left, right) || left.value < 0) return {};
    return {split_begin_.empty() ? ranks_[static_cast<std::size_t>(left.value)] : rank_of_split(left.value, left_bytes),
            left};
  }

 private:
  std::int32_t rank_of_split(std::int32_t whole, std::size_t left_bytes) const {
    const auto i = static_cast<std::size_t>(whole);
    for (std::size_t s = split_begin_[i]; s < split_begin_[i + 1]; ++s)
      if (splits_[s].left == left_bytes) return splits_[s].rank;
    return no_rank;
  }
  Result<void> rank_merges(const PieceModel& model, const std::string& place);
  void rank_scores(const PieceModel& model);

  PieceTrie trie_;
  std::vector<std::int32_t> ranks_;  // by id; of a tokenizer.json: empty
  // Of a tokenizer.json: the splits of piece i are splits_[split_begin_[i]] … splits_[split_begin_[i + 1] - 1].
  struct RankedSplit {
    std::uint32_t left;
    std::int32_t rank;
  };
  std::vector<std::uint32_t> split_begin_;
  std::vector<RankedSplit> splits_;
};

}  // namespace clip::inline CLIP_ABI::detail

#if !CLIP_HOST_LINKED
#include <clip/tokenizer/sentencepiece/piece_joins.inl.hpp>
#endif
