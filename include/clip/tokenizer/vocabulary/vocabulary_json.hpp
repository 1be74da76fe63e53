// clip/tokenizer/vocabulary/vocabulary_json.hpp: reader for tokenizer.json, check of vocab.json.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/size.hpp>
#include <clip/io/json.hpp>
#include <clip/tokenizer/bpe/bpe.hpp>
#include <clip/tokenizer/bpe/symbol_names.hpp>
#include <clip/tokenizer/options.hpp>
#include <clip/tokenizer/vocabulary/json_parts.hpp>
#include <clip/tokenizer/vocabulary/vocabulary_error.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {
namespace detail {

/// The valid strings for `id` in a vocabulary with these symbols: a symbol, or a name of SOT or EOT.
inline std::vector<std::string> expected_names(const BytePairs& pairs, Index id) {
  if (id < pairs.size()) return {symbol_text(pairs[static_cast<std::int32_t>(id)])};
  std::vector<std::string> names;
  for (const SpecialStrings s : {SpecialStrings::openai, SpecialStrings::open_clip})
    names.emplace_back(id == pairs.size() ? strings_of(s).start : strings_of(s).end);
  return names;
}

}  // namespace detail

/// Checks that a table of strings and ids (vocab.json, or model.vocab of tokenizer.json) agrees with the symbols: ids
/// in OpenAI's order, then SOT and EOT. `added`: the entries of added_tokens, possibly none.
/// LoadError: names the first id that differs.
[[nodiscard]] inline Result<void> try_check_ids(const Json& table, const Json& added, const BytePairs& pairs,
                                                const std::string& place) {
  const Index count = pairs.size() + 2;
  std::vector<std::string_view> names(static_cast<std::size_t>(count));
  std::unordered_map<std::string_view, std::int32_t> ids;  // the last of equal symbols wins
  for (std::int32_t id = 0; id < pairs.size(); ++id) ids[pairs[id]] = id;

  const auto enter = [&](std::string_view name, const Json& id) -> Result<void> {
    const bool good = id.is_number_unsigned() && id.get<std::uint64_t>() < static_cast<std::uint64_t>(count);
    if (!good)
      return LoadError{place, "id of \"" + std::string(name) + '"', "0 to " + std::to_string(count - 1),
                       json_in_words(id)};
    std::string_view& slot = names[id.get<std::size_t>()];
    if (!slot.empty() && slot != name)
      return LoadError{place, "id " + json_in_words(id), "one string",
                       '"' + std::string(slot) + "\" and \"" + std::string(name) + '"'};
    slot = name;
    return {};
  };
  if (!table.is_object())
    return LoadError{place, "vocabulary", "an object: strings and their ids", json_in_words(table)};
  for (const auto& [name, id] : table.items())
    if (auto done = enter(name, id); !done) return done;
  for (const Json& token : added) {
    const auto content = token.is_object() ? token.find("content") : token.end();
    const auto id = token.is_object() ? token.find("id") : token.end();
    if (content == token.end() || id == token.end() || !content->is_string())
      return LoadError{place, "added_tokens", "objects with content and id", json_in_words(token)};
    if (auto done = enter(content->get_ref<const Json::string_t&>(), *id); !done) return done;
  }

  for (Index id = 0; id < count; ++id) {
    const std::string_view name = names[static_cast<std::size_t>(id)];
    const std::vector<std::string> expected = detail::expected_names(pairs, id);
    if (name.empty() && id < pairs.size() && ids.at(pairs[static_cast<std::int32_t>(id)]) != id) continue;
    if (name == expected.front() || name == expected.back()) continue;
    return LoadError{place, "id " + std::to_string(id),
                     '"' + expected.front() + (id < pairs.size() ? "\", which the merges give" : "\""),
                     name.empty() ? "nothing" : '"' + std::string(name) + '"'};
  }
  return {};
}

/// model.merges of a tokenizer.json. The result points into `file`.
/// LoadError: not a BPE model with the suffix `</w>`, no merge, or one that is not two symbols.
[[nodiscard]] inline Result<std::vector<Merge>> try_tokenizer_merges(const Json& file, const std::string& place) {
  const auto model = file.is_object() ? file.find("model") : file.end();
  if (model == file.end() || !model->is_object())
    return LoadError{place, "model", "an object", model == file.end() ? "nothing" : json_in_words(*model)};
  const auto part = [&](const char* key) -> const Json& { return detail::json_part(*model, key); };
  if (const Json& type = part("type"); !type.is_null() && !detail::is_text(type, "BPE"))
    return LoadError{place, "model.type", "\"BPE\"", json_in_words(type)};
  if (const Json& close = part("end_of_word_suffix"); !detail::is_text(close, end_of_piece))
    return LoadError{place, "model.end_of_word_suffix", "\"</w>\"", json_in_words(close)};
  if (const Json& prefix = part("continuing_subword_prefix"); !prefix.is_null() && !detail::is_text(prefix, ""))
    return LoadError{place, "model.continuing_subword_prefix", "\"\"", json_in_words(prefix)};

  const Json& list = part("merges");
  if (!list.is_array()) return LoadError{place, "model.merges", "an array", json_in_words(list)};
  std::vector<Merge> merges;
  merges.reserve(list.size());
  for (const Json& merge : list) {
    const auto [left, right] = detail::merge_halves(merge);
    if (left.empty() || right.empty())
      return LoadError{place, "model.merges[" + std::to_string(merges.size()) + ']',
                       "two symbols, as \"a b\" or [\"a\", \"b\"]", json_in_words(merge)};
    merges.emplace_back(left, right);
  }
  if (merges.empty()) return detail::vocabulary_error(place, "model.merges", "one or more", 0);
  return merges;
}

/// Checks model.vocab and added_tokens of a tokenizer.json as try_check_ids. `file`: one that has merges.
[[nodiscard]] inline Result<void> try_check_tokenizer_ids(const Json& file, const BytePairs& pairs,
                                                          const std::string& place) {
  const Json& model = *file.find("model");
  const Json& added = detail::json_part(file, "added_tokens");
  const Json none = Json::array();
  return try_check_ids(detail::json_part(model, "vocab"), added.is_array() ? added : none, pairs, place);
}

/// The symbols of a tokenizer.json: model.merges, checked against model.vocab.
/// LoadError: as try_tokenizer_merges, an invalid merge, or different ids.
[[nodiscard]] inline Result<BytePairs> try_read_tokenizer_json(const Json& file, const std::string& place) {
  const auto merges = try_tokenizer_merges(file, place);
  if (!merges) return merges.error();
  auto pairs = BytePairs::try_make(place, *merges);
  if (!pairs) return pairs.error();
  if (auto same = try_check_tokenizer_ids(file, *pairs, place); !same) return same.error();
  return pairs;
}

}  // namespace clip::inline CLIP_ABI
