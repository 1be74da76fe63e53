// clip/tokenizer/sentencepiece/tokenizer_json.inl.hpp: definitions of clip/tokenizer/sentencepiece/tokenizer_json.hpp.
#pragma once

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

inline const Json& json_part(const Json& object, const char* key) {
  static const Json nothing;
  if (!object.is_object()) return nothing;
  const auto found = object.find(key);
  return found == object.end() ? nothing : *found;
}

inline Error json_error(const std::string& place, const std::string& what, const std::string& expected,
                        const Json& found) {
  return LoadError{place, what, expected, json_in_words(found)}.with_id("clip.load.vocabulary");
}

/// The bytes of a text in base64; false: another character.
inline bool decode_base64(std::string_view text, std::string& out) {
  std::uint32_t bits = 0;
  int held = 0;
  while (text.ends_with('=')) text.remove_suffix(1);
  for (const char c : text) {
    const int digit = c >= 'A' && c <= 'Z'   ? c - 'A'
                      : c >= 'a' && c <= 'z' ? c - 'a' + 26
                      : c >= '0' && c <= '9' ? c - '0' + 52
                      : c == '+'             ? 62
                      : c == '/'             ? 63
                                             : -1;
    if (digit < 0) return false;
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    if ((held += 6) < 8) continue;
    held -= 8;
    out.push_back(static_cast<char>(bits >> held & 0xFF));
  }
  return true;
}

/// Collects what the steps of a normaliser and a pre-tokeniser do to spaces.
class JsonRules {
 public:
  JsonRules(const std::string& place, PieceJson& out) : place_{&place}, out_{&out}, rules_{&out.model.normalizer} {
    rules_->dummy_prefix = rules_->remove_extra_spaces = rules_->escape_spaces = false;
  }

  Result<void> try_normalizer(const Json& step, const std::string& at) {
    if (step.is_null()) return {};
    const Json& type = json_part(step, "type");
    if (is_text(type, "Sequence")) return each(json_part(step, "normalizers"), at, &JsonRules::try_normalizer);
    if (is_text(type, "Precompiled")) return try_map(json_part(step, "precompiled_charsmap"), at);
    if (is_text(type, "Replace")) return try_replace(step, at);
    if (is_text(type, "Lowercase") && out_->character_map.empty()) {
      rules_->lower_case = true;
      return {};
    }
    if (is_text(type, "Prepend") && is_text(json_part(step, "prepend"), space_mark)) {
      rules_->dummy_prefix = true;
      return {};
    }
    if (is_text(type, "Strip")) {
      strips_ = true;
      return {};
    }
    return json_error(*place_, at,
                      "Sequence, Precompiled, Replace of spaces, Lowercase before Precompiled, Prepend of \"" +
                          std::string(space_mark) + "\" or Strip",
                      type.is_string() ? type : step);
  }

  Result<void> try_pre_tokenizer(const Json& step, const std::string& at) {
    if (step.is_null()) return {};
    const Json& type = json_part(step, "type");
    if (is_text(type, "Sequence")) return each(json_part(step, "pretokenizers"), at, &JsonRules::try_pre_tokenizer);
    if (is_text(type, "WhitespaceSplit")) {
      rules_->remove_extra_spaces = true;
      return {};
    }
    if (is_text(type, "Metaspace") && is_text(json_part(step, "replacement"), space_mark)) {
      const Json &scheme = json_part(step, "prepend_scheme"), &prefix = json_part(step, "add_prefix_space");
      const bool never = is_text(scheme, "never") || (scheme.is_null() && prefix.is_boolean() && !prefix.get<bool>());
      rules_->dummy_prefix = !never;
      rules_->escape_spaces = true;
      return {};
    }
    // There is no space left to split at.
    if (is_text(type, "Split") && rules_->escape_spaces &&
        is_text(json_part(json_part(step, "pattern"), "String"), " "))
      return {};
    return json_error(*place_, at, "Sequence, WhitespaceSplit, Metaspace, or Split at spaces that are replaced before",
                      type.is_string() ? type : step);
  }

  Result<void> try_finish() const {
    if (strips_ && !rules_->remove_extra_spaces)
      return LoadError{*place_, "normalizer", "a replacement of several spaces beside Strip", "none"}.with_id(
          "clip.load.vocabulary");
    if (!rules_->escape_spaces)
      return LoadError{*place_, "normalizer and pre_tokenizer",
                       "one that writes spaces as \"" + std::string(space_mark) + '"', "none"}
          .with_id("clip.load.vocabulary");
    return {};
  }

 private:
  using Read = Result<void> (JsonRules::*)(const Json&, const std::string&);
  Result<void> each(const Json& steps, const std::string& at, Read read) {
    if (!steps.is_array()) return json_error(*place_, at, "an array of steps", steps);
    for (std::size_t i = 0; i < steps.size(); ++i)
      if (auto done = (this->*read)(steps[i], at + '[' + std::to_string(i) + ']'); !done) return done;
    return {};
  }

  Result<void> try_map(const Json& map, const std::string& at) {
    const auto* const text = map.get_ptr<const Json::string_t*>();
    if (map.is_null()) return {};
    if (text == nullptr || !decode_base64(*text, out_->character_map))
      return json_error(*place_, at + ".precompiled_charsmap", "bytes in base64", map);
    rules_->character_map = out_->character_map;
    return {};
  }

  Result<void> try_replace(const Json& step, const std::string& at) {
    const Json &pattern = json_part(step, "pattern"), &content = json_part(step, "content");
    const bool mark = is_text(content, space_mark);
    if (is_text(json_part(pattern, "String"), " ") && mark) {
      rules_->escape_spaces = true;
      return {};
    }
    if (is_text(json_part(pattern, "Regex"), " {2,}") && (mark || is_text(content, " "))) {
      rules_->remove_extra_spaces = true;
      return {};
    }
    return json_error(*place_, at, "a replacement of \" \" or of several spaces", pattern);
  }

  const std::string* place_;
  PieceJson* out_;
  NormalizerRules* rules_;
  bool strips_ = false;
};

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
    std::string_view left, right;
    if (const auto* const text = merge.get_ptr<const Json::string_t*>()) {
      const std::size_t space = text->find(' ');
      left = std::string_view{*text}.substr(0, space);
      if (space != text->npos) right = std::string_view{*text}.substr(space + 1);
    } else if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
      left = merge[0].get_ref<const Json::string_t&>();
      right = merge[1].get_ref<const Json::string_t&>();
    }
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
  JsonRules rules{place, out};
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
