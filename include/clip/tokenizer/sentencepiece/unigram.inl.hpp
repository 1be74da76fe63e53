// clip/tokenizer/sentencepiece/unigram.inl.hpp: definitions of clip/tokenizer/sentencepiece/unigram.hpp.
#pragma once

#include <clip/tokenizer/sentencepiece/sorted_pieces.hpp>
#include <clip/tokenizer/sentencepiece/unigram.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

/// Whether texts are split into pieces of this kind.
inline bool unigram_spells(PieceKind kind) { return kind == PieceKind::normal || kind == PieceKind::user_defined; }

CLIP_HOST Result<UnigramPieces> UnigramPieces::try_make(std::span<const Piece> pieces, const std::string& place,
                                                        std::size_t budget) {
  auto trie = PieceTrie::try_build(sorted_pieces(pieces, unigram_spells), place, budget);
  if (!trie) return trie.error();
  UnigramPieces model;
  model.trie_ = std::move(*trie);
  float least = std::numeric_limits<float>::max(), most = std::numeric_limits<float>::min();
  for (const Piece& piece : pieces) {
    if (piece.kind != PieceKind::normal) continue;
    least = std::min(least, piece.score);
    most = std::max(most, piece.score);
  }
  model.unknown_score_ = least - 10;
  model.scores_.reserve(pieces.size());
  for (const Piece& piece : pieces)
    model.scores_.push_back(piece.kind == PieceKind::user_defined ? static_cast<float>(piece.text.size()) * most - 0.1F
                                                                  : piece.score);
  const auto space_inside = [](const Piece& piece) { return unigram_spells(piece.kind) && spans_words(piece.text); };
  model.by_words_ = std::ranges::none_of(pieces, space_inside);
  if (model.by_words_) model.find_sure(pieces);
  return model;
}

inline void UnigramPieces::find_sure(std::span<const Piece> pieces) {
  std::vector<bool> sure(pieces.size());
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const Piece& piece = pieces[i];
    if (!unigram_spells(piece.kind) || piece.text.size() > longest_sure || std::abs(scores_[i]) > 1000) continue;
    const double other = best_without(piece.text, static_cast<std::int32_t>(i));
    sure[i] = other + margin < static_cast<double>(scores_[i]);
  }
  words_.build(pieces, sure);
}

/// The best sum of a short word without the piece `id`.
inline double UnigramPieces::best_without(std::string_view word, std::int32_t id) const {
  constexpr double none = -std::numeric_limits<double>::infinity();
  std::array<double, longest_sure + 1> best;
  std::fill_n(best.begin(), word.size() + 1, none);
  best[0] = 0;
  for (std::size_t begin = 0; begin < word.size();) {
    const std::size_t character = first_character(word.substr(begin));
    PieceTrie::Node node = trie_.root();
    for (std::size_t end = begin; end < word.size() && trie_.step(node, static_cast<unsigned char>(word[end]));) {
      ++end;
      if (node.value >= 0 && node.value != id)
        best[end] =
            std::max(best[end], best[begin] + static_cast<double>(scores_[static_cast<std::size_t>(node.value)]));
    }
    double& after = best[begin + character];
    after = std::max(after, best[begin] + static_cast<double>(unknown_score_));
    begin += character;
  }
  return best[word.size()];
}

CLIP_HOST void UnigramPieces::encode(std::string_view text, const UnknownIds& unknown, Scratch& scratch,
                                     std::vector<std::int32_t>& ids) const {
  PieceEmitter emit{&unknown, &ids};
  float sum = 0;
  if (!by_words_) return split(text, sum, emit, scratch);
  while (!text.empty()) {
    if (const auto sure = words_.first(text); sure.id >= 0 && std::abs(sum) < largest_sum) {
      sum += scores_[static_cast<std::size_t>(sure.id)];
      emit({}, sure.id);
      text.remove_prefix(sure.bytes);
      continue;
    }
    const std::string_view word = text.substr(0, first_word(text));
    split(word, sum, emit, scratch);
    text.remove_prefix(word.size());
  }
}

inline void UnigramPieces::split(std::string_view word, float& sum, PieceEmitter& emit, Scratch& scratch) const {
  using End = Scratch::End;
  scratch.ends.assign(word.size() + 1, {0, 0, -1});
  End* const ends = scratch.ends.data();
  ends[0].score = sum;
  const std::size_t size = word.size();
  for (std::size_t begin = 0; begin < size;) {
    const float before = ends[begin].score;
    const std::size_t character = first_character(word.substr(begin));
    bool alone = false;  // a piece of one character begins here
    PieceTrie::Node node = trie_.root();
    for (std::size_t end = begin; end < size && trie_.step(node, static_cast<unsigned char>(word[end]));) {
      ++end;
      if (node.value < 0) continue;
      const float total = scores_[static_cast<std::size_t>(node.value)] + before;
      if (End& best = ends[end]; best.length == 0 || total > best.score)
        best = {total, static_cast<std::int32_t>(end - begin), node.value};
      alone = alone || end - begin == character;
    }
    if (!alone) {
      const float total = unknown_score_ + before;
      if (End& best = ends[begin + character]; best.length == 0 || total > best.score)
        best = {total, static_cast<std::int32_t>(character), -1};
    }
    begin += character;
  }
  sum = ends[size].score;
  scratch.backwards.clear();
  for (std::size_t end = size; end > 0; end -= static_cast<std::size_t>(ends[end].length))
    scratch.backwards.push_back(static_cast<std::int32_t>(end));
  std::size_t begin = 0;
  for (std::size_t i = scratch.backwards.size(); i-- > 0;) {
    const auto end = static_cast<std::size_t>(scratch.backwards[i]);
    emit(word.substr(begin, end - begin), ends[end].id);
    begin = end;
  }
}

}  // namespace clip::inline CLIP_ABI::detail
