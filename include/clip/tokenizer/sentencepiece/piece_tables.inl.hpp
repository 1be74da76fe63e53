// clip/tokenizer/sentencepiece/piece_tables.inl.hpp: definitions of clip/tokenizer/sentencepiece/piece_tables.hpp.
#pragma once

#include <clip/tokenizer/sentencepiece/piece_tables.hpp>
#include <clip/tokenizer/sentencepiece/sorted_pieces.hpp>
#include <clip/tokenizer/unicode/unicode.hpp>
#include <clip/tokenizer/vocabulary/vocabulary_error.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

namespace clip::inline CLIP_ABI::detail {

CLIP_HOST std::int32_t PieceTables::find(std::string_view piece) const {
  for (std::size_t id = 0; id < size(); ++id)
    if (text(id) == piece) return static_cast<std::int32_t>(id);
  return -1;
}

CLIP_HOST int byte_of_piece(std::string_view piece) {
  if (piece.size() != 6 || !piece.starts_with("<0x") || piece.back() != '>') return -1;
  int byte = 0;
  for (const char c : piece.substr(3, 2)) {
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
    if (digit < 0) return -1;
    byte = 16 * byte + digit;
  }
  return byte;
}

/// The ids that stand for text which no piece spells.
inline Result<UnknownIds> try_unknown_ids(const PieceModel& model, const std::string& place) {
  UnknownIds ids{.unknown = -1, .byte_fallback = model.byte_fallback};
  const auto wrong = [&](const std::string& what, const std::string& expected, const std::string& found) {
    return vocabulary_error(place, what, expected, found);
  };
  ids.bytes.fill(-1);
  for (std::size_t i = 0; i < model.pieces.size(); ++i) {
    const Piece& piece = model.pieces[i];
    if (piece.kind == PieceKind::unknown) {
      if (ids.unknown >= 0)
        return wrong("piece " + std::to_string(i), "one unknown piece, which is " + std::to_string(ids.unknown),
                     "a second one");
      ids.unknown = static_cast<std::int32_t>(i);
    }
    if (piece.kind != PieceKind::byte) continue;
    const int byte = byte_of_piece(piece.text);
    if (!model.byte_fallback || byte < 0)
      return wrong(
          "piece " + std::to_string(i),
          model.byte_fallback ? "a byte piece <0x00> to <0xFF>" : "no byte piece, as there is no byte fallback",
          '"' + std::string(piece.text) + '"');
    ids.bytes[static_cast<std::size_t>(byte)] = static_cast<std::int32_t>(i);
  }
  if (ids.unknown < 0) return wrong("pieces", "an unknown piece among them", "none");
  const auto missing = std::ranges::count(ids.bytes, -1);
  if (model.byte_fallback && missing > 0)
    return wrong("byte pieces", "256, for its byte fallback", std::to_string(256 - missing));
  return ids;
}

CLIP_HOST Result<PieceTables> try_build_tables(const PieceModel& model, const std::string& place, std::size_t budget) {
  constexpr auto most = static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max());
  if (model.pieces.size() > most)
    return LoadError{place, "pieces", "at most " + std::to_string(most), model.pieces.size()};
  const auto all = sorted_pieces(model.pieces, [](PieceKind) { return true; });
  const auto twice = std::ranges::adjacent_find(all, {}, &PieceTrie::Entry::text);
  if (twice != all.end())
    return vocabulary_error(place, "piece " + std::to_string(std::max(twice->value, twice[1].value)), "one of its own",
                            '"' + std::string(twice->text) + "\", which is piece " +
                                std::to_string(std::min(twice->value, twice[1].value)));
  auto unknown = try_unknown_ids(model, place);
  if (!unknown) return unknown.error();

  const auto user_defined = [](PieceKind kind) { return kind == PieceKind::user_defined; };
  auto entries = sorted_pieces(model.pieces, user_defined);
  std::vector<std::string> lower;  // texts are lower case when such pieces are looked for
  if (model.normalizer.lower_case) {
    lower.resize(entries.size());
    for (std::size_t i = 0; i < entries.size(); ++i) {
      lower_letters(entries[i].text, lower[i]);
      entries[i].text = lower[i];
    }
    std::ranges::stable_sort(entries, {}, &PieceTrie::Entry::text);
    const auto same = [](const PieceTrie::Entry& x, const PieceTrie::Entry& y) { return x.text == y.text; };
    entries.erase(std::unique(entries.begin(), entries.end(), same), entries.end());
  }
  auto fixed = PieceTrie::try_build(entries, place, budget);
  if (!fixed) return fixed.error();
  auto normalizer = PieceNormalizer::try_make(model.normalizer, std::move(*fixed), place);
  if (!normalizer) return normalizer.error();

  PieceTables tables;
  tables.normalizer = std::move(*normalizer);
  tables.unknown = *unknown;
  tables.unknown_text = model.unknown_text;
  for (const Piece& piece : model.pieces) {
    tables.texts += piece.text;
    tables.ends.push_back(tables.texts.size());
    tables.kinds.push_back(piece.kind);
  }
  if (model.algorithm == PieceAlgorithm::unigram) {
    auto unigram = UnigramPieces::try_make(model.pieces, place, budget);
    if (!unigram) return unigram.error();
    tables.splitter = std::move(*unigram);
  } else {
    auto merged = MergedPieces::try_make(model, tables.normalizer, place, budget);
    if (!merged) return merged.error();
    tables.splitter = std::move(*merged);
  }
  return tables;
}

}  // namespace clip::inline CLIP_ABI::detail
