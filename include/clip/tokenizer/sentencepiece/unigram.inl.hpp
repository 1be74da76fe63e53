// clip/tokenizer/sentencepiece/unigram.inl.hpp: definitions of clip/tokenizer/sentencepiece/unigram.hpp.
#pragma once

#include <clip/tokenizer/sentencepiece/sorted_pieces.hpp>
#include <clip/tokenizer/sentencepiece/unigram.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

CLIP_HOST Result<UnigramPieces> UnigramPieces::try_make(std::span<const Piece> pieces, const std::string& place,
                                                        std::size_t budget) {
  const auto spelled = [](PieceKind kind) { return kind == PieceKind::normal || kind == PieceKind::user_defined; };
  auto trie = PieceTrie::try_build(sorted_pieces(pieces, spelled), place, budget);
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
    model.scores_.push_back(piece.kind == PieceKind::user_defined
                                ? static_cast<double>(static_cast<float>(piece.text.size()) * most) - 0.1
                                : static_cast<double>(piece.score));
  return model;
}

CLIP_HOST void UnigramPieces::encode(std::string_view text, const UnknownIds& unknown, Scratch& scratch,
                                     std::vector<std::int32_t>& ids) const {
  using End = Scratch::End;
  scratch.ends.assign(text.size() + 1, {0, 0, -1});
  End* const ends = scratch.ends.data();
  const auto* const bytes = reinterpret_cast<const unsigned char*>(text.data());
  const std::size_t size = text.size();
  for (std::size_t begin = 0; begin < size;) {
    const float before = ends[begin].score;
    const std::size_t character = std::min<std::size_t>(character_bytes[bytes[begin] >> 4], size - begin);
    bool alone = false;  // a piece of one character begins here
    PieceTrie::Node node = trie_.root();
    for (std::size_t end = begin; end < size && trie_.step(node, bytes[end]);) {
      ++end;
      if (node.value < 0) continue;
      const double sum = scores_[static_cast<std::size_t>(node.value)] + static_cast<double>(before);
      if (End& best = ends[end]; best.length == 0 || sum > static_cast<double>(best.score))
        best = {static_cast<float>(sum), static_cast<std::int32_t>(end - begin), node.value};
      alone = alone || end - begin == character;
    }
    if (!alone) {
      const float sum = unknown_score_ + before;
      if (End& best = ends[begin + character]; best.length == 0 || sum > best.score)
        best = {sum, static_cast<std::int32_t>(character), -1};
    }
    begin += character;
  }
  const std::size_t first = ids.size();
  bool before_unknown = false;
  for (std::size_t end = size; end > 0;) {
    const End& last = ends[end];
    const std::size_t begin = end - static_cast<std::size_t>(last.length);
    if (last.id >= 0) {
      ids.push_back(last.id);
    } else if (unknown.byte_fallback) {
      for (std::size_t i = end; i > begin; --i) ids.push_back(unknown.bytes[bytes[i - 1]]);
    } else if (!before_unknown) {
      ids.push_back(unknown.unknown);
    }
    before_unknown = last.id < 0;
    end = begin;
  }
  std::reverse(ids.begin() + static_cast<std::ptrdiff_t>(first), ids.end());
}

}  // namespace clip::inline CLIP_ABI::detail
