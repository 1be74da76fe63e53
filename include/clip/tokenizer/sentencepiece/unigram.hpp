// clip/tokenizer/sentencepiece/unigram.hpp: splits a normalised text into the pieces with the largest sum of scores.
#pragma once

#include <clip/core/result.hpp>
#include <clip/tokenizer/sentencepiece/piece_model.hpp>
#include <clip/tokenizer/sentencepiece/piece_trie.hpp>
#include <clip/tokenizer/sentencepiece/unknown_text.hpp>
#include <clip/tokenizer/sentencepiece/word_table.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

/// The unigram language model (Kudo, 2018), by Viterbi's algorithm. Where no piece of one character begins, that
/// character is an unknown one, with the least score less 10. Of equal sums the one found first wins; sums are float,
/// as SentencePiece's, so that ties are decided alike.
///
/// Where no piece spans two words, each word is split by itself, with the sum of those before it. A word that is a
/// piece whose score exceeds the sum of every other split of it, by more than rounding can change, is taken at once.
class UnigramPieces {
 public:
  /// LoadError clip.load.budget: tables of more than `budget` bytes.
  [[nodiscard]] static CLIP_HOST Result<UnigramPieces> try_make(std::span<const Piece> pieces, const std::string& place,
                                                                std::size_t budget);

  struct Scratch {
    struct End {
      float score;          // the best sum of pieces that end here
      std::int32_t length;  // of the last piece; 0: none ends here
      std::int32_t id;      // -1: unknown
    };
    std::vector<End> ends;
    std::vector<std::int32_t> backwards;
  };

  /// Appends the ids of a text of less than 2^31 bytes.
  CLIP_HOST void encode(std::string_view text, const UnknownIds& unknown, Scratch& scratch,
                        std::vector<std::int32_t>& ids) const;

 private:
  static constexpr std::size_t longest_sure = 18;  // bytes of a piece that is taken at once
  static constexpr float largest_sum = 4096;       // up to which rounding is less than the margin
  static constexpr double margin = 0.05;

  /// Splits a word, or a text, and adds its best sum to `sum`.
  void split(std::string_view word, float& sum, PieceEmitter& emit, Scratch& scratch) const;
  void find_sure(std::span<const Piece> pieces);
  double best_without(std::string_view word, std::int32_t id) const;

  PieceTrie trie_;
  std::vector<float> scores_;  // by id
  WordTable words_;            // of which the best split by far is the piece itself
  float unknown_score_ = 0;
  bool by_words_ = false;
};

}  // namespace clip::inline CLIP_ABI::detail

#if !CLIP_HOST_LINKED
#include <clip/tokenizer/sentencepiece/unigram.inl.hpp>
#endif
