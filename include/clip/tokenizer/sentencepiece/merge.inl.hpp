// clip/tokenizer/sentencepiece/merge.inl.hpp: definitions of clip/tokenizer/sentencepiece/merge.hpp.
#pragma once

#include <clip/tokenizer/sentencepiece/merge.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

CLIP_HOST Result<MergedPieces> MergedPieces::try_make(const PieceModel& model, const PieceNormalizer& normalizer,
                                                      const std::string& place, std::size_t budget) {
  auto joins = PieceJoins::try_make(model, place, budget);
  if (!joins) return joins.error();
  MergedPieces merged;
  merged.joins_ = std::move(*joins);
  for (std::size_t id = 0; id < model.pieces.size(); ++id) {
    if (model.pieces[id].kind != PieceKind::unused) continue;
    merged.unused_.resize(model.pieces.size());
    merged.unused_[id] = true;
  }
  const auto space_inside = [](const Piece& piece) { return joins_to(piece.kind) && spans_words(piece.text); };
  merged.by_words_ = merged.unused_.empty() && std::ranges::none_of(model.pieces, space_inside);
  if (merged.by_words_) merged.find_whole_words(model, normalizer);
  return merged;
}

inline void MergedPieces::find_whole_words(const PieceModel& model, const PieceNormalizer& normalizer) {
  std::vector<bool> whole(model.pieces.size());
  Scratch scratch;
  std::vector<std::int32_t> ids;
  const UnknownIds unknown;
  for (std::size_t id = 0; id < model.pieces.size(); ++id) {
    const Piece& piece = model.pieces[id];
    if (piece.kind != PieceKind::normal) continue;
    ids.clear();
    PieceEmitter emit{&unknown, &ids};
    if (piece.text.size() > longest_scan || word_end(piece.text, 0, normalizer) < piece.text.size()) continue;
    if (normalizer.fixed(piece.text).length > 0) continue;
    encode_word(piece.text, emit, scratch);
    whole[id] = ids.size() == 1 && ids.front() == static_cast<std::int32_t>(id);
  }
  words_.build(model.pieces, whole);
}

CLIP_HOST void MergedPieces::encode(std::string_view text, const PieceNormalizer& normalizer, const UnknownIds& unknown,
                                    Scratch& scratch, std::vector<std::int32_t>& ids) const {
  PieceEmitter emit{&unknown, &ids};
  if (!by_words_) return merge(text, &normalizer, emit, scratch);
  for (std::size_t at = 0; at < text.size();) {
    if (const auto whole = words_.first(text.substr(at)); whole.id >= 0) {
      emit({}, whole.id);
      at += whole.bytes;
      continue;
    }
    if (const auto fixed = normalizer.fixed(text.substr(at)); fixed.length > 0) {
      emit(text.substr(at, fixed.length), fixed.value);
      at += fixed.length;
      continue;
    }
    const std::size_t end = word_end(text, at, normalizer);
    encode_word(text.substr(at, end - at), emit, scratch);
    at = end;
  }
}

/// The end of the word at `begin`: before a space mark that follows another character, or a user-defined piece.
inline std::size_t MergedPieces::word_end(std::string_view text, std::size_t begin,
                                          const PieceNormalizer& normalizer) const {
  bool marks = true;
  std::size_t at = begin;
  while (at < text.size()) {
    const bool mark = text[at] == space_mark[0] && text.substr(at).starts_with(space_mark);
    if (at > begin && ((mark && !marks) || normalizer.fixed(text.substr(at)).length > 0)) break;
    marks = marks && mark;
    at += first_character(text.substr(at));
  }
  return at;
}

inline void MergedPieces::encode_word(std::string_view word, PieceEmitter& emit, Scratch& scratch) const {
  if (word.size() <= longest_scan) return scan(word, emit);
  merge(word, nullptr, emit, scratch);
}

/// Joins the best of at most longest_scan symbols until none is left, by looking at all of them.
inline void MergedPieces::scan(std::string_view word, PieceEmitter& emit) const {
  std::array<std::uint32_t, longest_scan + 1> begin;
  std::array<PieceTrie::Node, longest_scan> node;
  std::array<PieceJoins::Joined, longest_scan> joined;  // with the symbol after it
  std::size_t count = 0;
  for (std::size_t at = 0; at < word.size(); ++count) {
    const std::size_t bytes = first_character(word.substr(at));
    begin[count] = static_cast<std::uint32_t>(at);
    node[count] = joins_.trie().root();
    if (!joins_.trie().step(node[count], word.substr(at, bytes))) node[count] = {};
    at += bytes;
  }
  begin[count] = static_cast<std::uint32_t>(word.size());
  const auto join_at = [&](std::size_t i) {
    joined[i] = joins_.join(node[i], begin[i + 1] - begin[i], word.substr(begin[i + 1], begin[i + 2] - begin[i + 1]));
  };
  for (std::size_t i = 0; i + 1 < count; ++i) join_at(i);
  while (count > 1) {
    std::size_t best = 0;
    for (std::size_t i = 1; i + 1 < count; ++i)
      if (joined[i].rank < joined[best].rank) best = i;
    if (joined[best].rank == PieceJoins::no_rank) break;
    node[best] = joined[best].node;
    --count;
    for (std::size_t i = best + 1; i < count; ++i) {
      begin[i] = begin[i + 1];
      node[i] = node[i + 1];
      joined[i] = joined[i + 1];
    }
    begin[count] = begin[count + 1];
    if (best + 1 < count) join_at(best);
    if (best > 0) join_at(best - 1);
  }
  for (std::size_t i = 0; i < count; ++i) emit(word.substr(begin[i], begin[i + 1] - begin[i]), node[i].value);
}

/// Adds the pair of two neighbours to the heap if they can be joined.
inline void MergedPieces::offer(std::string_view text, std::int32_t left, std::int32_t right, Scratch& scratch) const {
  if (left < 0 || right < 0) return;
  const Symbol &a = scratch.symbols[static_cast<std::size_t>(left)],
               &b = scratch.symbols[static_cast<std::size_t>(right)];
  if (a.fixed || b.fixed) return;
  const PieceJoins::Joined pair = joins_.join(a.node, a.end - a.begin, text.substr(b.begin, b.end - b.begin));
  if (pair.rank == PieceJoins::no_rank) return;
  scratch.heap.push_back({pair.rank, left, right, b.end - a.begin});
  std::ranges::push_heap(scratch.heap, Later{});
  if (unused_.empty() || !unused_[static_cast<std::size_t>(pair.node.value)]) return;
  const auto known = std::ranges::find(scratch.splits, pair.node.value, &Split::whole);
  if (known != scratch.splits.end()) known->left = a.end - a.begin;  // the last one offered counts
  else scratch.splits.push_back({pair.node.value, a.end - a.begin});
}

/// With a heap of pairs, in which those that have been joined otherwise meanwhile are recognised by their length.
/// `fixed` finds the user-defined pieces; null: there are none in the text.
inline void MergedPieces::merge(std::string_view text, const PieceNormalizer* fixed, PieceEmitter& emit,
                                Scratch& scratch) const {
  std::vector<Symbol>& symbols = scratch.symbols;
  symbols.clear();
  scratch.heap.clear();
  scratch.splits.clear();
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    const std::size_t whole = fixed == nullptr ? 0 : fixed->fixed(rest).length;
    const std::size_t bytes = whole > 0 ? whole : first_character(rest);
    PieceTrie::Node node = joins_.trie().root();
    if (!joins_.trie().step(node, rest.substr(0, bytes))) node = {};
    const auto i = static_cast<std::int32_t>(symbols.size());
    symbols.push_back({static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at + bytes), i - 1,
                       at + bytes < text.size() ? i + 1 : -1, node, whole > 0});
    at += bytes;
  }
  for (std::size_t i = 1; i < symbols.size(); ++i)
    offer(text, static_cast<std::int32_t>(i) - 1, static_cast<std::int32_t>(i), scratch);
  while (!scratch.heap.empty()) {
    std::ranges::pop_heap(scratch.heap, Later{});
    const Pair best = scratch.heap.back();
    scratch.heap.pop_back();
    Symbol &left = symbols[static_cast<std::size_t>(best.left)], &right = symbols[static_cast<std::size_t>(best.right)];
    const std::uint32_t left_bytes = left.end - left.begin, right_bytes = right.end - right.begin;
    if (left_bytes == 0 || right_bytes == 0 || left_bytes + right_bytes != best.bytes) continue;
    joins_.trie().step(left.node, text.substr(right.begin, right_bytes));
    left.end = right.end;
    left.after = right.after;
    if (right.after >= 0) symbols[static_cast<std::size_t>(right.after)].before = best.left;
    right.begin = right.end;
    offer(text, left.before, best.left, scratch);
    offer(text, best.left, left.after, scratch);
  }
  for (std::int32_t i = symbols.empty() ? -1 : 0; i >= 0; i = symbols[static_cast<std::size_t>(i)].after) {
    const Symbol& s = symbols[static_cast<std::size_t>(i)];
    emit_split(text.substr(s.begin, s.end - s.begin), s.node.value, emit, scratch);
  }
}

/// A symbol, or the symbols that an unused piece was joined from.
inline void MergedPieces::emit_split(std::string_view symbol, std::int32_t id, PieceEmitter& emit,
                                     const Scratch& scratch) const {
  if (id >= 0 && !unused_.empty() && unused_[static_cast<std::size_t>(id)]) {
    const auto split = std::ranges::find(scratch.splits, id, &Split::whole);
    if (split != scratch.splits.end()) {
      for (const std::string_view half : {symbol.substr(0, split->left), symbol.substr(split->left)})
        emit_split(half, joins_.trie().find(half), emit, scratch);
      return;
    }
  }
  emit(symbol, id);
}

}  // namespace clip::inline CLIP_ABI::detail
