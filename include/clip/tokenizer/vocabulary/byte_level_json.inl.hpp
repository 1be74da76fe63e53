// clip/tokenizer/vocabulary/byte_level_json.inl.hpp: definitions of clip/tokenizer/vocabulary/byte_level_json.hpp.
#pragma once

#include <clip/io/bytes.hpp>
#include <clip/io/json.hpp>
#include <clip/io/sha256.hpp>
#include <clip/tokenizer/bpe/merges_file.hpp>
#include <clip/tokenizer/bpe/split_gpt2.hpp>
#include <clip/tokenizer/vocabulary/byte_level_json.hpp>
#include <clip/tokenizer/vocabulary/json_parts.hpp>
#include <clip/tokenizer/vocabulary/vocabulary_error.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

CLIP_HOST bool holds_model(std::string_view file) {
  constexpr std::string_view key = "\"model\"";
  for (std::size_t at = file.find(key); at != file.npos; at = file.find(key, at + 1)) {
    const std::size_t value = file.find_first_not_of(" \t\r\n:", at + key.size());
    if (value != file.npos && file[value] == '{') return true;  // in a vocab.json "model" has a number
  }
  return false;
}

CLIP_HOST bool says_byte_level(std::string_view file) {
  if (!looks_like_json(file) || file.find("</w>\"") != file.npos) return false;
  return file.find(holds_model(file) ? "\"ByteLevel\"" : "\"</s>\"") != file.npos;
}

CLIP_HOST std::string_view without_spaces_at_end(std::string_view text) {
  while (!text.empty()) {
    const std::size_t n = last_length(text);
    if (code_class(decode_utf8(text, text.size() - n).value) != CodeClass::space) break;
    text.remove_suffix(n);
  }
  return text;
}

/// Reads the strings of a vocabulary by id. LoadError: an id that is no number of 0 ... 2^21, or has another string.
inline Result<void> try_read_byte_names(const Json& table, const std::string& at, const std::string& place,
                                        std::vector<std::string_view>& names) {
  if (!table.is_object()) return vocabulary_error(place, at, "an object: strings and their ids", json_in_words(table));
  for (const auto& [name, id] : table.items()) {
    if (!id.is_number_unsigned() || id.get<std::uint64_t>() >= std::uint64_t{1} << 21)
      return vocabulary_error(place, "id of \"" + name + '"', "0 to 2097151", json_in_words(id));
    const auto i = id.get<std::size_t>();
    if (i >= names.size()) names.resize(i + 1);
    if (!names[i].empty() && names[i] != name)
      return vocabulary_error(place, "id " + std::to_string(i), "one string",
                              '"' + std::string(names[i]) + "\" and \"" + name + '"');
    names[i] = name;
  }
  return {};
}

/// The steps of a tokenizer.json: no normaliser, and GPT-2's pre-tokenizer without a space before the text.
inline Result<void> try_check_byte_steps(const Json& file, const std::string& place) {
  const Json &normalizer = json_part(file, "normalizer"), &step = json_part(file, "pre_tokenizer"),
             &prefix = json_part(step, "add_prefix_space"), &expression = json_part(step, "use_regex");
  if (!normalizer.is_null()) return vocabulary_error(place, "normalizer", "none", json_in_words(normalizer));
  if (!is_text(json_part(step, "type"), "ByteLevel"))
    return vocabulary_error(place, "pre_tokenizer.type", "\"ByteLevel\"", json_in_words(json_part(step, "type")));
  if (prefix.is_boolean() && prefix.get<bool>())
    return vocabulary_error(place, "pre_tokenizer.add_prefix_space", "false", json_in_words(prefix));
  if (expression.is_boolean() && !expression.get<bool>())
    return vocabulary_error(place, "pre_tokenizer.use_regex", "true", json_in_words(expression));
  return {};
}

inline Result<void> try_read_byte_model(const Json& file, const std::string& place,
                                        std::vector<std::string_view>& names, std::vector<Merge>& merges,
                                        bool& mask_strips) {
  if (auto done = try_check_byte_steps(file, place); !done) return done;
  const Json &model = json_part(file, "model"), &list = json_part(model, "merges"),
             &added = json_part(file, "added_tokens");
  for (const char* const key : {"end_of_word_suffix", "continuing_subword_prefix"})
    if (const Json& part = json_part(model, key); !part.is_null() && !is_text(part, ""))
      return vocabulary_error(place, std::string("model.") + key, "none", json_in_words(part));
  if (auto done = try_read_byte_names(json_part(model, "vocab"), "model.vocab", place, names); !done) return done;
  if (!list.is_array()) return vocabulary_error(place, "model.merges", "an array", json_in_words(list));
  for (const Json& merge : list) {
    const auto [left, right] = merge_halves(merge);
    if (left.empty() || right.empty())
      return vocabulary_error(place, "model.merges[" + std::to_string(merges.size()) + ']',
                              "two symbols, as \"a b\" or [\"a\", \"b\"]", json_in_words(merge));
    merges.emplace_back(left, right);
  }
  if (!added.is_array()) return {};
  for (const Json& token : added) {
    const Json &content = json_part(token, "content"), &id = json_part(token, "id");
    const auto* const text = content.get_ptr<const Json::string_t*>();
    if (text == nullptr) return vocabulary_error(place, "added_tokens", "objects with content", json_in_words(token));
    if (ByteLevelTables::special_at(*text) < 0)
      return vocabulary_error(place, "added_tokens", "<s>, <pad>, </s>, <unk> and <mask>", json_in_words(content));
    if (const Json& strips = json_part(token, "lstrip"); *text == ByteLevelTables::special_names[ByteLevelTables::mask])
      mask_strips = strips.is_boolean() && strips.get<bool>();
    JsonTree one = json_object(text->c_str(), id);
    std::vector<std::string_view> placed;
    if (auto done = try_read_byte_names(*one, "added_tokens", place, placed); !done) return done;
    if (placed.size() > names.size()) names.resize(placed.size());
    if (std::string_view& name = names[placed.size() - 1]; name.empty()) name = *text;
    else if (name != *text)
      return vocabulary_error(place, "id " + std::to_string(placed.size() - 1), "one string",
                              '"' + std::string(name) + "\" and \"" + *text + '"');
  }
  return {};
}

CLIP_HOST Result<ByteLevelTables> try_read_byte_level(std::string_view json, std::string_view merges_file,
                                                      const std::string& place) {
  auto file = try_parse_json(without_byte_order_mark(json), place);
  if (!file) return file.error();
  const DismantledAtEnd end{*file};
  std::vector<std::string_view> names;
  std::vector<Merge> merges;
  ByteLevelTables tables;
  if (json_part(*file, "model").is_object()) {
    if (auto done = try_read_byte_model(*file, place, names, merges, tables.mask_strips); !done) return done.error();
  } else {
    if (auto done = try_read_byte_names(*file, "vocabulary", place, names); !done) return done.error();
    auto list = try_parse_merges(merges_file, "merges.txt beside " + place, Index{1} << 40);
    if (!list) return list.error();
    merges = std::move(*list);
  }

  auto pairs = BytePairs::try_make(place, merges, MergeOrder::before, PieceEnd::plain);
  if (!pairs) return pairs.error();
  tables.pairs = std::move(*pairs);
  std::unordered_map<std::string_view, std::int32_t> ids;
  ids.reserve(names.size());
  std::string lines;
  for (std::size_t id = 0; id < names.size(); ++id) {
    ids.emplace(names[id], static_cast<std::int32_t>(id));
    lines.append(names[id]).append("\n");
    std::string bytes;
    if (names[id].empty()) return vocabulary_error(place, "id " + std::to_string(id), "a string", "nothing");
    const bool spelled = ByteLevelTables::special_at(names[id]) < 0 && symbol_bytes(names[id], bytes);
    tables.names.push_back(spelled ? std::move(bytes) : std::string(names[id]));
  }
  for (const auto& [left, right] : merges) lines.append(left).append(" ").append(right).append("\n");
  tables.checksum = sha256(as_byte_span(lines));
  for (std::size_t i = 0; i < ByteLevelTables::special_names.size(); ++i) {
    const auto found = ids.find(ByteLevelTables::special_names[i]);
    if (found == ids.end())
      return vocabulary_error(place, "vocabulary", "an id of " + std::string(ByteLevelTables::special_names[i]),
                              "none");
    tables.specials[i] = found->second;
  }
  for (std::int32_t symbol = 0; symbol < tables.pairs.size(); ++symbol) {
    const bool marked = symbol >= 256 && symbol < 512;  // in no text
    const std::string name = symbol_text(tables.pairs[symbol]);
    const auto found = marked ? ids.end() : ids.find(name);
    if (!marked && found == ids.end())
      return vocabulary_error(place, "vocabulary",
                              "an id of \"" + name + (symbol < 256 ? "\", a byte" : "\", which a merge makes"), "none");
    tables.id_of_symbol.push_back(marked ? -1 : found->second);
  }
  return tables;
}

}  // namespace clip::inline CLIP_ABI::detail
