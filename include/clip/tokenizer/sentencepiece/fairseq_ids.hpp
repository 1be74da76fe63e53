// clip/tokenizer/sentencepiece/fairseq_ids.hpp: the ids that XLM-R and XLM-V give the pieces of a SentencePiece file.
#pragma once

#include <clip/core/result.hpp>
#include <clip/tokenizer/sentencepiece/piece_model.hpp>
#include <clip/tokenizer/vocabulary/vocabulary_error.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

/// The name by which such a file is recognised, as the file itself has other ids.
inline constexpr std::string_view fairseq_file = "sentencepiece.bpe.model";

/// Whether the file at a path is to be read so: one of that name, or whole_… of a reduced vocabulary.
inline bool is_fairseq_file(std::string_view place) { return place.ends_with(fairseq_file); }

/// Replaces the file's own <unk> 0, <s> 1, </s> 2 by <s> 0, <pad> 1, </s> 2, <unk> 3; every other piece has one more
/// than its id, and <mask> comes last. LoadError: the file begins with other pieces.
[[nodiscard]] inline Result<void> try_use_fairseq_ids(PieceModel& model, const std::string& place) {
  constexpr std::array<std::pair<std::string_view, PieceKind>, 3> first{
      {{"<unk>", PieceKind::unknown}, {"<s>", PieceKind::control}, {"</s>", PieceKind::control}}};
  for (std::size_t i = 0; i < first.size(); ++i)
    if (model.pieces.size() <= i || model.pieces[i].text != first[i].first || model.pieces[i].kind != first[i].second)
      return vocabulary_error(place, "piece " + std::to_string(i),
                              std::string(first[i].first) + ", as in XLM-R's " + std::string(fairseq_file),
                              model.pieces.size() <= i ? "nothing" : '"' + std::string(model.pieces[i].text) + '"');
  std::vector<Piece> pieces{{"<s>", 0, PieceKind::control},
                            {"<pad>", 0, PieceKind::control},
                            {"</s>", 0, PieceKind::control},
                            {"<unk>", model.pieces[0].score, PieceKind::unknown}};
  pieces.insert(pieces.end(), model.pieces.begin() + static_cast<std::ptrdiff_t>(first.size()), model.pieces.end());
  pieces.push_back({"<mask>", 0, PieceKind::control});
  model.pieces = std::move(pieces);
  model.bos = 0;
  model.pad = 1;
  model.eos = 2;
  return {};
}

}  // namespace clip::inline CLIP_ABI::detail
