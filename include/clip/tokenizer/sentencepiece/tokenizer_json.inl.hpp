// clip/tokenizer/sentencepiece/tokenizer_json.inl.hpp: definitions of clip/tokenizer/sentencepiece/tokenizer_json.hpp.
#pragma once

#include <clip/tokenizer/sentencepiece/json_rules.hpp>
#include <clip/tokenizer/sentencepiece/piece_tables.hpp>
#include <clip/tokenizer/sentencepiece/tokenizer_json.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

inline std::string quoted(std::string_view text) { return '"' + std::string(text) + '"'; }

/// Gives a piece its place. LoadError: an id that is no number of at most `most`, or has another piece.
inline Result<void> try_place_piece(std::vector<Piece>& pieces, std::string_view text, const Json& id, std::size_t most,
                                    const std::string& place) {
  if (!id.is_number_unsigned() || id.get<std::uint64_t>() > most)
    return json_error(place, "id of " + quoted(text), "0 to " + std::to_string(most), id);
  const auto i = id.get<std::size_t>();
  if (i >= pieces.size()) pieces.resize(i + 1);
  if (!pieces[i].text.empty() && pieces[i].text != text)
    return LoadError{place, "id " + std::to_string(i), "one string", quoted(pieces[i].text) + " and " + quoted(text)};
  if (text.empty()) return LoadError{place, "id " + std::to_string(i), "1 byte or more", "none"};
  pieces[i].text = text;
  return {};
}

inline Result<void> try_read_unigram(const Json& model, const std::string& place, PieceModel& out) {
  const Json &list = json_part(model, "vocab"), &unknown = json_part(model, "unk_id");
  if (!list.is_array()) return json_error(place, "model.vocab", "an array of pieces and scores", list);
  out.algorithm = PieceAlgorithm::unigram;
  out.pieces.reserve(list.size());
  for (const Json& entry : list) {
    const bool pair = entry.is_array() && entry.size() == 2 && entry[1].is_number();
    const auto* const text = pair ? entry[0].get_ptr<const Json::string_t*>() : nullptr;
    if (text == nullptr || text->empty())
      return json_error(place, "piece " + std::to_string(out.pieces.size()), "a string and a score", entry);
    const auto score = static_cast<float>(entry[1].get<double>());
    if (!std::isfinite(score))
      return json_error(place, "score of piece " + std::to_string(out.pieces.size()), "a finite number", entry[1]);
    out.pieces.push_back({*text, score});
  }
  if (!unknown.is_number_unsigned() || unknown.get<std::uint64_t>() >= out.pieces.size())
    return json_error(place, "model.unk_id", "the id of a piece", unknown);
  out.pieces[unknown.get<std::size_t>()].kind = PieceKind::unknown;
  return {};
}

inline Result<void> try_read_merges(const Json& list, const std::string& place, PieceModel& out) {
  if (!list.is_array()) return json_error(place, "model.merges", "an array", list);
  std::unordered_map<std::string_view, std::int32_t> ids;
  ids.reserve(out.pieces.size());
  for (std::size_t i = 0; i < out.pieces.size(); ++i) ids.emplace(out.pieces[i].text, static_cast<std::int32_t>(i));
  out.has_merges = true;
  out.merges.reserve(list.size());
  std::string whole;
  for (const Json& merge : list) {
    const auto [left, right] = merge_halves(merge);
    whole.assign(left).append(right);
    const auto id = ids.find(whole);
    if (left.empty() || right.empty() || id == ids.end())
      return json_error(place, "merge " + std::to_string(out.merges.size() + 1), "two strings that make a piece",
                        merge);
    out.merges.push_back({id->second, static_cast<std::uint32_t>(left.size())});
  }
  return {};
}

inline Result<void> try_read_bpe(const Json& model, const std::string& place, PieceModel& out) {
  const Json &vocabulary = json_part(model, "vocab"), &unknown = json_part(model, "unk_token");
  out.algorithm = PieceAlgorithm::bpe;
  for (const char* key : {"end_of_word_suffix", "continuing_subword_prefix"})
    if (const Json& part = json_part(model, key); !part.is_null() && !is_text(part, ""))
      return json_error(place, std::string("model.") + key, "none, as in SentencePiece's models", part);
  for (const char* key : {"dropout", "ignore_merges"}) {
    const Json& part = json_part(model, key);
    const bool on = part.is_boolean() ? part.get<bool>() : !part.is_number() || part.get<double>() != 0;
    if (!part.is_null() && on) return json_error(place, std::string("model.") + key, "none", part);
  }
  if (!vocabulary.is_object()) return json_error(place, "model.vocab", "an object: strings and their ids", vocabulary);
  out.pieces.resize(vocabulary.size());
  for (const auto& [text, id] : vocabulary.items())
    if (auto done = try_place_piece(out.pieces, text, id, vocabulary.size() - 1, place); !done) return done;
  for (Piece& piece : out.pieces)
    if (is_text(unknown, piece.text)) piece.kind = PieceKind::unknown;
  if (const Json& fuse = json_part(model, "fuse_unk"); !out.byte_fallback && !(fuse.is_boolean() && fuse.get<bool>()))
    return json_error(place, "model.fuse_unk", "true, as there is no byte fallback", fuse);
  return try_read_merges(json_part(model, "merges"), place, out);
}

inline Result<void> try_read_added(const Json& list, const std::string& place, std::vector<Piece>& pieces) {
  if (!list.is_array() && !list.is_null()) return json_error(place, "added_tokens", "an array", list);
  const std::size_t most = pieces.size() + list.size();
  for (const Json& token : list) {
    const Json &content = json_part(token, "content"), &id = json_part(token, "id"),
               &special = json_part(token, "special");
    const auto* const text = content.get_ptr<const Json::string_t*>();
    if (text == nullptr || !special.is_boolean())
      return json_error(place, "added_tokens", "objects with content, id and special", token);
    if (auto done = try_place_piece(pieces, *text, id, most, place); !done) return done;
    PieceKind& kind = pieces[id.get<std::size_t>()].kind;
    if (kind != PieceKind::unknown) kind = special.get<bool>() ? PieceKind::control : PieceKind::user_defined;
  }
  for (std::size_t i = 0; i < pieces.size(); ++i)
    if (pieces[i].text.empty()) return LoadError{place, "id " + std::to_string(i), "a piece", "nothing"};
  return {};
}

CLIP_HOST bool says_piece_json(std::string_view file) {
  const auto value_of = [&](std::string_view key, std::size_t from) {
    std::size_t at = file.find(key, from);
    if (at == file.npos) return std::string_view{};
    at = file.find_first_not_of(" \t\r\n:", at + key.size());
    return at == file.npos ? std::string_view{} : file.substr(at, 16);
  };
  const std::size_t model = file.find("\"model\"");
  if (model == file.npos) return false;
  if (value_of("\"type\"", model).starts_with("\"Unigram\"")) return true;
  const std::string_view suffix = value_of("\"end_of_word_suffix\"", model);
  return suffix.starts_with("null") || suffix.starts_with("\"\"");
}

CLIP_HOST Result<void> try_read_piece_json(const Json& file, const std::string& place, PieceJson& out) {
  PieceModel& model = out.model;
  const Json &json = json_part(file, "model"), &type = json_part(json, "type"),
             &fallback = json_part(json, "byte_fallback");
  model.byte_fallback = fallback.is_boolean() && fallback.get<bool>();
  if (is_text(type, "Unigram")) {
    if (auto done = try_read_unigram(json, place, model); !done) return done;
  } else if (is_text(type, "BPE")) {
    if (auto done = try_read_bpe(json, place, model); !done) return done;
  } else {
    return json_error(place, "model.type", "\"Unigram\" or \"BPE\"", type);
  }
  if (auto done = try_read_added(json_part(file, "added_tokens"), place, model.pieces); !done) return done;
  JsonRules rules{place, model.normalizer, out.character_map};
  if (auto done = rules.try_normalizer(json_part(file, "normalizer"), "normalizer"); !done) return done;
  if (auto done = rules.try_pre_tokenizer(json_part(file, "pre_tokenizer"), "pre_tokenizer"); !done) return done;
  if (auto done = rules.try_finish(); !done) return done;

  model.bos = model.eos = model.pad = -1;
  for (std::size_t i = 0; i < model.pieces.size(); ++i) {
    Piece& piece = model.pieces[i];
    const auto id = static_cast<std::int32_t>(i);
    if (model.byte_fallback && piece.kind == PieceKind::normal && byte_of_piece(piece.text) >= 0)
      piece.kind = PieceKind::byte;
    if (piece.kind != PieceKind::control) continue;
    if (piece.text == "<s>" || piece.text == "<bos>") model.bos = id;
    if (piece.text == "</s>" || piece.text == "<eos>") model.eos = id;
    if (piece.text == "<pad>") model.pad = id;
  }
  return {};
}

}  // namespace clip::inline CLIP_ABI::detail
