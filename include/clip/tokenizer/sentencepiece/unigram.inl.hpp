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
#include <memory>
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
  model.largest_score_ = std::abs(model.unknown_score_);
  bool finite = true;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (!unigram_spells(pieces[i].kind)) continue;
    finite = finite && std::isfinite(model.scores_[i]);
    model.largest_score_ = std::max(model.largest_score_, std::abs(model.scores_[i]));
  }
  if (model.by_words_ && finite && model.largest_score_ <= largest_score) model.remember_pieces(pieces);
  return model;
}

/// Splits the pieces that are words, most of which are frequent.
inline void UnigramPieces::remember_pieces(std::span<const Piece> pieces) {
  memo_ = std::make_unique<WordMemo>(pieces.size());
  const UnknownIds unknown;
  Scratch scratch;
  std::vector<std::int32_t> ids;
  std::size_t words = 0;
  for (const Piece& piece : pieces) {
    WordKey key;
    if (!unigram_spells(piece.kind) || !begins_with_mark(piece.text) || words == memo_->most_ahead()) continue;
    if (read_word(piece.text, key) != piece.text.size()) continue;
    ids.clear();
    encode(piece.text, unknown, scratch, ids);
    ++words;
  }
}

/// The sum of the scores so far. It is needed only where a word is split: the scores of remembered words, whose ids are
/// known, are added then, one after the other, as if each word had been split.
class UnigramPieces::Sum {
 public:
  Sum(const UnigramPieces& model, const std::vector<std::int32_t>& ids) : model_{&model}, ids_{&ids} { start(0); }

  /// Goes on after all ids with the sum of their scores.
  void start(float sum) {
    sum_ = sum;
    added_ = ids_->size();
    const float room = (largest_sum - std::abs(sum)) / std::max(model_->largest_score_, 1.F);
    small_until_ = added_ + (room > 0 ? static_cast<std::size_t>(room) : 0);
  }
  float add() {
    for (; added_ < ids_->size(); ++added_) sum_ += model_->scores_[static_cast<std::size_t>((*ids_)[added_])];
    start(sum_);
    return sum_;
  }
  /// Whether its magnitude is less than largest_sum.
  bool small() {
    if (ids_->size() < small_until_) return true;
    add();
    return ids_->size() < small_until_;
  }

 private:
  const UnigramPieces* model_;
  const std::vector<std::int32_t>* ids_;
  float sum_;
  std::size_t added_, small_until_;  // numbers of ids
};

CLIP_HOST void UnigramPieces::encode(std::string_view text, const UnknownIds& unknown, Scratch& scratch,
                                     std::vector<std::int32_t>& ids) const {
  PieceEmitter emit{&unknown, &ids};
  float sum = 0;
  if (!by_words_) {
    split(text, sum, emit, scratch);
    return;
  }
  Sum lazy{*this, ids};
  struct Word {
    WordKey key;
    std::size_t bytes;
    bool keyed;
  };
  std::array<Word, 16> words;  // the next ones, whose slots are on their way from memory
  while (!text.empty()) {
    std::size_t count = 0;
    for (std::string_view rest = text; count < words.size() && !rest.empty(); ++count) {
      Word& word = words[count];
      word.bytes = memo_ == nullptr ? 0 : read_word(rest, word.key);
      word.keyed = word.bytes > 0;
      if (word.keyed) memo_->prefetch(word.key);
      else word.bytes = first_word(rest);
      rest.remove_prefix(word.bytes);
    }
    for (const Word& word : std::span{words}.first(count)) {
      const bool remembers = word.keyed && lazy.small();
      if (remembers && memo_->find(word.key, ids)) {
        emit.after_unknown = false;
      } else {
        sum = lazy.add();
        const std::size_t before = ids.size();
        const float lead = split(text.substr(0, word.bytes), sum, emit, scratch);
        lazy.start(sum);
        if (remembers && lead > sure_lead && ids.size() - before <= memo_->most_ids())
          memo_->add(word.key, std::span{ids}.subspan(before));
      }
      text.remove_prefix(word.bytes);
    }
  }
}

inline float UnigramPieces::split(std::string_view word, float& sum, PieceEmitter& emit, Scratch& scratch) const {
  using End = Scratch::End;
  const std::size_t size = word.size();
  scratch.ends.assign(size + 1, {0, 0, 0, -1});
  End* const ends = scratch.ends.data();
  ends[0].score = sum;
  const auto offer = [&](std::size_t begin, std::size_t end, float total, std::int32_t id) {
    End& best = ends[end];
    if (best.length == 0) {
      best = {total, std::numeric_limits<float>::lowest(), static_cast<std::int32_t>(end - begin), id};
    } else if (total > best.score) {
      best = {total, best.score, static_cast<std::int32_t>(end - begin), id};
    } else {
      best.second = std::max(best.second, total);
    }
  };
  scratch.walks.resize(size);
  Scratch::Walk* const walks = scratch.walks.data();
  std::size_t walking = 0, last = 0, next = 0;  // the last character that has begun, and the one after it
  for (std::size_t at = 0; at < size; ++at) {
    if (at == next) {
      last = at;
      next += first_character(word.substr(at));
      walks[walking++] = {trie_.root(), at};
    }
    bool alone = false;  // the last character is a piece
    const std::size_t before = std::exchange(walking, 0);
    for (std::size_t w = 0; w < before; ++w) {  // in the order of their beginnings
      Scratch::Walk walk = walks[w];
      if (!trie_.step(walk.node, static_cast<unsigned char>(word[at]))) continue;
      walks[walking++] = walk;
      if (walk.node.value < 0) continue;
      offer(walk.begin, at + 1, scores_[static_cast<std::size_t>(walk.node.value)] + ends[walk.begin].score,
            walk.node.value);
      alone = walk.begin == last;
    }
    if (at + 1 == next && !alone) offer(last, next, unknown_score_ + ends[last].score, -1);
  }
  sum = ends[size].score;
  scratch.backwards.clear();
  float lead = std::numeric_limits<float>::max();
  for (std::size_t end = size; end > 0; end -= static_cast<std::size_t>(ends[end].length)) {
    scratch.backwards.push_back(static_cast<std::int32_t>(end));
    lead = ends[end].id < 0 ? 0 : std::min(lead, ends[end].score - ends[end].second);
  }
  std::size_t begin = 0;
  for (std::size_t i = scratch.backwards.size(); i-- > 0;) {
    const auto end = static_cast<std::size_t>(scratch.backwards[i]);
    emit(word.substr(begin, end - begin), ends[end].id);
    begin = end;
  }
  return lead;
}

}  // namespace clip::inline CLIP_ABI::detail
