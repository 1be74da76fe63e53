// clip/tokenizer/sentencepiece/merge.hpp: splits a normalised text by BPE: joins the best neighbours, repeatedly.
#pragma once

#include <clip/core/result.hpp>
#include <clip/tokenizer/sentencepiece/normalizer.hpp>
#include <clip/tokenizer/sentencepiece/piece_joins.hpp>
#include <clip/tokenizer/sentencepiece/piece_model.hpp>
#include <clip/tokenizer/sentencepiece/piece_trie.hpp>
#include <clip/tokenizer/sentencepiece/unknown_text.hpp>
#include <clip/tokenizer/sentencepiece/word_table.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

/// BPE over characters: of all neighbours whose concatenation is a piece, those with the best score are joined first,
/// the leftmost of equals. A tokenizer.json ranks the pairs themselves. User-defined pieces are never joined. Where no
/// piece has a space inside, words are merged one by one, which gives the same pieces.
class MergedPieces {
 public:
  /// `normalizer` finds the user-defined pieces. LoadError: a merge that is not of two pieces; clip.load.budget: tables
  /// of more than `budget` bytes.
  [[nodiscard]] static CLIP_HOST Result<MergedPieces> try_make(const PieceModel& model,
                                                               const PieceNormalizer& normalizer,
                                                               const std::string& place, std::size_t budget);

  struct Symbol {
    std::uint32_t begin, end;
    std::int32_t before, after;  // neighbours; -1: none
    PieceTrie::Node node;
    bool fixed;
  };
  struct Pair {
    std::int32_t rank, left, right;
    std::uint32_t bytes;
  };
  struct Split {  // of an unused piece
    std::int32_t whole;
    std::uint32_t left;
  };
  struct Scratch {
    std::vector<Symbol> symbols;
    std::vector<Pair> heap;
    std::vector<Split> splits;
  };

  /// Appends the ids of a text of less than 2^31 bytes.
  CLIP_HOST void encode(std::string_view text, const PieceNormalizer& normalizer, const UnknownIds& unknown,
                        Scratch& scratch, std::vector<std::int32_t>& ids) const;

 private:
  static constexpr std::size_t longest_scan = 24;  // characters of a word that is merged without a heap

  struct Later {  // the heap's order: the best pair first, the leftmost of equals
    bool operator()(const Pair& x, const Pair& y) const {
      return x.rank > y.rank || (x.rank == y.rank && x.left > y.left);
    }
  };

  void find_whole_words(const PieceModel& model, const PieceNormalizer& normalizer);

  std::size_t word_end(std::string_view text, std::size_t begin, const PieceNormalizer& normalizer) const;
  void encode_word(std::string_view word, PieceEmitter& emit, Scratch& scratch) const;
  void scan(std::string_view word, PieceEmitter& emit) const;
  void merge(std::string_view text, const PieceNormalizer* fixed, PieceEmitter& emit, Scratch& scratch) const;
  void offer(std::string_view text, std::int32_t left, std::int32_t right, Scratch& scratch) const;
  void emit_split(std::string_view symbol, std::int32_t id, PieceEmitter& emit, const Scratch& scratch) const;

  PieceJoins joins_;
  std::vector<bool> unused_;  // by id; empty: none
  WordTable words_;           // of which merging gives the piece itself
  bool by_words_ = false;
};

}  // namespace clip::inline CLIP_ABI::detail

#if !CLIP_HOST_LINKED
#include <clip/tokenizer/sentencepiece/merge.inl.hpp>
#endif
