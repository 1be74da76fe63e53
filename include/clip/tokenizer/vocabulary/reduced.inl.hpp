// clip/tokenizer/vocabulary/reduced.inl.hpp: definitions of clip/tokenizer/vocabulary/reduced.hpp.
#pragma once

#include <clip/config/bounds.hpp>
#include <clip/io/bytes.hpp>
#include <clip/io/json.hpp>
#include <clip/io/sha256.hpp>
#include <clip/tokenizer/vocabulary/json_parts.hpp>
#include <clip/tokenizer/vocabulary/reduced.hpp>
#include <clip/tokenizer/vocabulary/vocabulary_error.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace clip::inline CLIP_ABI::detail {

CLIP_HOST ReducedVocabulary reduced_vocabulary(KeptIds kept, const VocabularyIdentity& whole, std::string place) {
  std::string lines = whole.checksum + "\n";
  for (const std::int32_t id : kept.ids()) lines.append(std::to_string(id)).append("\n");
  VocabularyIdentity identity{std::move(place), kept.size(), kept.new_id(whole.eot), sha256(as_byte_span(lines)),
                              reduced_vocabulary_name};
  return {std::move(kept), std::move(identity)};
}

CLIP_HOST bool says_reduced_vocabulary(std::string_view file) {
  if (!looks_like_json(file)) return false;
  const std::size_t key = file.find('"');
  return key != file.npos && file.substr(key).starts_with("\"reduced_vocabulary\"");
}

CLIP_HOST Result<ReducedStatement> try_read_reduced_vocabulary(std::string_view file, const std::string& place) {
  auto json = try_parse_json(without_byte_order_mark(file), place);
  if (!json) return json.error();
  const DismantledAtEnd end{*json};
  const Json &stated = json_part(*json, "reduced_vocabulary"), &tokenizer = json_part(stated, "tokenizer"),
             &size = json_part(stated, "size"), &checksum = json_part(stated, "checksum"),
             &ids = json_part(stated, "ids");
  const auto wrong = [&](const char* key, const std::string& expected, const Json& found) {
    return vocabulary_error(place, std::string("reduced_vocabulary.") + key, expected, json_in_words(found));
  };
  const auto* const name = tokenizer.get_ptr<const Json::string_t*>();
  if (name == nullptr || name->empty() || name->front() == '.' || name->find('/') != name->npos)
    return wrong("tokenizer", "the name of a file in its folder", tokenizer);
  const auto* const sum = checksum.get_ptr<const Json::string_t*>();
  if (sum == nullptr) return wrong("checksum", "the checksum of the whole vocabulary", checksum);
  if (!size.is_number_unsigned() || size.get<std::uint64_t>() > static_cast<std::uint64_t>(largest_extent))
    return wrong("size", "0 to " + std::to_string(largest_extent), size);
  ReducedStatement statement{*name, *sum, size.get<Index>(), {}};
  if (!ids.is_array()) return wrong("ids", "an array", ids);
  statement.ids.reserve(ids.size());
  for (const Json& id : ids) {
    if (!id.is_number_unsigned() || id.get<std::uint64_t>() >= size.get<std::uint64_t>())
      return wrong("ids", "numbers less than " + std::to_string(statement.size), id);
    const auto next = id.get<std::int32_t>();
    if (!statement.ids.empty() && next <= statement.ids.back()) return wrong("ids", "ids in ascending order", id);
    statement.ids.push_back(next);
  }
  return statement;
}

CLIP_HOST std::string reduced_vocabulary_text(const ReducedStatement& statement) {
  JsonTree stated = json_object("tokenizer", statement.tokenizer, "size", statement.size, "checksum",
                                statement.checksum, "ids", statement.ids);
  return json_text(json_object("reduced_vocabulary", std::move(stated))) + "\n";
}

}  // namespace clip::inline CLIP_ABI::detail
