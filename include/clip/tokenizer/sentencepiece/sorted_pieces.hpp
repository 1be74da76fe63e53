// clip/tokenizer/sentencepiece/sorted_pieces.hpp: the pieces of some kinds in the order that tries are built from.
#pragma once

#include <clip/tokenizer/sentencepiece/piece_model.hpp>
#include <clip/tokenizer/sentencepiece/piece_trie.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

/// Texts and ids of the pieces whose kind is `wanted`, in ascending order of their bytes.
template <class Wanted>
std::vector<PieceTrie::Entry> sorted_pieces(std::span<const Piece> pieces, Wanted wanted) {
  std::vector<PieceTrie::Entry> entries;
  for (std::size_t id = 0; id < pieces.size(); ++id)
    if (wanted(pieces[id].kind)) entries.push_back({pieces[id].text, static_cast<std::int32_t>(id)});
  std::ranges::sort(entries, {}, &PieceTrie::Entry::text);
  return entries;
}

}  // namespace clip::inline CLIP_ABI::detail
