// clip/tokenizer/sentencepiece/model_file.inl.hpp: definitions of clip/tokenizer/sentencepiece/model_file.hpp.
#pragma once

#include <clip/io/proto_fields.hpp>
#include <clip/tokenizer/sentencepiece/model_file.hpp>
#include <clip/tokenizer/unicode/unicode.hpp>
#include <clip/tokenizer/vocabulary/vocabulary_error.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI::detail {

// Numbers of the fields, as in SentencePiece's sentencepiece_model.proto.
namespace proto {
inline constexpr std::uint64_t pieces = 1, trainer = 2, normalizer = 3;
namespace piece {
inline constexpr std::uint64_t text = 1, score = 2, kind = 3;
}
namespace train {
inline constexpr std::uint64_t algorithm = 3, space_at_end = 24, byte_fallback = 35, bos = 41, eos = 42, pad = 43,
                               unknown_text = 44;
}
namespace normal {
inline constexpr std::uint64_t character_map = 2, dummy_prefix = 3, remove_extra_spaces = 4, escape_spaces = 5;
}
}  // namespace proto

inline Error piece_error(const std::string& place, std::size_t id, const std::string& what, const std::string& expected,
                         const std::string& found) {
  return vocabulary_error(place, "piece " + std::to_string(id) + ": " + what, expected, found);
}

inline Result<Piece> try_parse_piece(ProtoFields fields, std::size_t id, const std::string& place) {
  Piece piece;
  std::int32_t kind = static_cast<std::int32_t>(piece.kind);
  while (fields.more()) {
    const auto field = fields.try_next();
    if (!field) return field.error();
    if (field->key == proto::piece::text && field->holds_bytes) piece.text = field->text;
    if (field->key == proto::piece::score && !field->holds_bytes) piece.score = field->real();
    if (field->key == proto::piece::kind && !field->holds_bytes) kind = field->integer();
  }
  if (piece.text.empty()) return piece_error(place, id, "text", "1 byte or more", "none");
  if (valid_utf8(piece.text) != piece.text) return piece_error(place, id, "text", "UTF-8", "other bytes");
  if (!std::isfinite(piece.score))
    return piece_error(place, id, "score", "a finite number", in_words(static_cast<double>(piece.score)));
  if (kind < 1 || kind > 6) return piece_error(place, id, "kind", "1 to 6", std::to_string(kind));
  piece.kind = static_cast<PieceKind>(kind);
  return piece;
}

inline Result<void> try_parse_trainer(ProtoFields fields, const std::string& place, PieceModel& model) {
  while (fields.more()) {
    const auto field = fields.try_next();
    if (!field) return field.error();
    if (field->key == proto::train::unknown_text && field->holds_bytes) model.unknown_text = field->text;
    if (field->holds_bytes) continue;
    switch (field->key) {
      case proto::train::algorithm:
        if (field->number != 1 && field->number != 2)
          return vocabulary_error(place, "algorithm", "1 (unigram) or 2 (BPE)",
                                  field->number == 3   ? "3 (words)"
                                  : field->number == 4 ? "4 (characters)"
                                                       : std::to_string(field->number));
        model.algorithm = static_cast<PieceAlgorithm>(field->number);
        break;
      case proto::train::space_at_end: model.normalizer.space_at_end = field->flag(); break;
      case proto::train::byte_fallback: model.byte_fallback = field->flag(); break;
      case proto::train::bos: model.bos = field->integer(); break;
      case proto::train::eos: model.eos = field->integer(); break;
      case proto::train::pad: model.pad = field->integer(); break;
      default: break;
    }
  }
  return {};
}

inline Result<void> try_parse_normalizer(ProtoFields fields, NormalizerRules& rules) {
  while (fields.more()) {
    const auto field = fields.try_next();
    if (!field) return field.error();
    if (field->key == proto::normal::character_map && field->holds_bytes) rules.character_map = field->text;
    if (field->holds_bytes) continue;
    if (field->key == proto::normal::dummy_prefix) rules.dummy_prefix = field->flag();
    if (field->key == proto::normal::remove_extra_spaces) rules.remove_extra_spaces = field->flag();
    if (field->key == proto::normal::escape_spaces) rules.escape_spaces = field->flag();
  }
  return {};
}

CLIP_HOST bool is_piece_file(std::string_view file) {
  const std::string place;
  ProtoFields fields{file, place, 0, vocabulary_error_id};
  if (!file.starts_with('\n')) return false;  // field 1, bytes
  const auto first = fields.try_next();
  if (!first) return file.size() > 2 && file[2] == '\n';  // cut inside the first piece
  ProtoFields piece{first->text, place, 0, vocabulary_error_id};
  while (piece.more()) {
    const auto field = piece.try_next();
    if (!field) return false;
    if (field->key == proto::piece::text && field->holds_bytes) return true;
  }
  return false;
}

CLIP_HOST Result<PieceModel> try_parse_piece_file(std::string_view file, const std::string& place) {
  PieceModel model;
  ProtoFields fields{file, place, 0, vocabulary_error_id};
  bool trainer = false, normalizer = false;
  while (fields.more()) {
    const auto field = fields.try_next();
    if (!field) return field.error();
    if (!field->holds_bytes) continue;
    const ProtoFields inner{field->text, place, fields.offset_of(field->text), vocabulary_error_id};
    if (field->key == proto::pieces) {
      const auto piece = try_parse_piece(inner, model.pieces.size(), place);
      if (!piece) return piece.error();
      model.pieces.push_back(*piece);
    } else if (field->key == proto::trainer) {
      if (auto done = try_parse_trainer(inner, place, model); !done) return done.error();
      trainer = true;
    } else if (field->key == proto::normalizer) {
      if (auto done = try_parse_normalizer(inner, model.normalizer); !done) return done.error();
      normalizer = true;
    }
  }
  if (model.pieces.empty())
    return vocabulary_error(place, "pieces", "1 or more", "none in " + std::to_string(file.size()) + " bytes");
  if (!trainer || !normalizer)
    return vocabulary_error(place, trainer ? "normalizer settings" : "trainer settings",
                            "after the pieces, as in every SentencePiece file",
                            "none after " + std::to_string(model.pieces.size()) + " pieces: the file is cut");
  return model;
}

}  // namespace clip::inline CLIP_ABI::detail
