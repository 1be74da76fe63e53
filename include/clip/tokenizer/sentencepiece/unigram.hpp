// clip/tokenizer/sentencepiece/unigram.hpp: splits a normalised text into the pieces with the largest sum of scores.
#pragma once

#include <clip/core/result.hpp>
#include <clip/tokenizer/sentencepiece/piece_model.hpp>
#include <clip/tokenizer/sentencepiece/piece_trie.hpp>
#include <clip/tokenizer/sentencepiece/unknown_text.hpp>
#include <clip/tokenizer/sentencepiece/word_memo.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

/// The unigram language model (Kudo, 2018), by Viterbi's algorithm. Where no piece of one character begins, that
/// character is an unknown one, with the least score less 10. Of equal sums the one found first wins; sums are float,
/// as SentencePiece's, so that ties are decided alike.
///
/// Where no piece spans two words, each word is split by itself, with the sum of those before it. A word whose best
/// split leads every other one by more than rounding can change has the same ids after any sum: they are remembered.
class UnigramPieces {
 public:
  /// LoadError clip.load.budget: tables of more than `budget` bytes.
  [[nodiscard]] static CLIP_HOST Result<UnigramPieces> try_make(std::span<const Piece> pieces, const std::string& place,
                                                                std::size_t budget);

  struct Scratch {
    struct End {
      float score, second;  // the best sums of pieces that end here, by the last piece
      std::int32_t length;  // of the last piece; 0: none ends here
      std::int32_t id;      // -1: unknown
    };
    std::vector<End> ends;
    struct Walk {  // in the trie from a character that may begin a piece
      PieceTrie::Node node;
      std::size_t begin;
    };
    std::vector<Walk> walks;
    std::vector<std::int32_t> backwards;
  };

  /// Appends the ids of a text of less than 2^31 bytes.
  CLIP_HOST void encode(std::string_view text, const UnknownIds& unknown, Scratch& scratch,
                        std::vector<std::int32_t>& ids) const;

 private:
  /// With scores and sums up to these, the sum of the pieces of a short word is rounded by 16 * 2^-12 at most, and the
  /// lead of one split before another by twice that when it is measured, and again when it counts.
  static constexpr float largest_score = 256, largest_sum = 4096, sure_lead = 1.F / 32;

  class Sum;

  void remember_pieces(std::span<const Piece> pieces);

  /// Splits a word, or a text, and adds its best sum to `sum`. Returns by how much that exceeds the sum of any other
  /// split; 0: there is unknown text in it.
  float split(std::string_view word, float& sum, PieceEmitter& emit, Scratch& scratch) const;

  PieceTrie trie_;
  std::vector<float> scores_;  // by id
  float unknown_score_ = 0;
  bool by_words_ = false;
  float largest_score_ = 0;
  std::unique_ptr<WordMemo> memo_;  // of words whose split is sure; null: scores are too large
};

}  // namespace clip::inline CLIP_ABI::detail

#if !CLIP_HOST_LINKED
#include <clip/tokenizer/sentencepiece/unigram.inl.hpp>
#endif
