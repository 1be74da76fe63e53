// clip/tokenizer/sentencepiece/tokenizer_config.inl.hpp: definitions of tokenizer_config.hpp beside it.
#pragma once

#include <clip/io/json.hpp>
#include <clip/tokenizer/sentencepiece/tokenizer_config.hpp>
#include <clip/tokenizer/vocabulary/json_parts.hpp>
#include <clip/tokenizer/vocabulary/vocabulary_error.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI::detail {

CLIP_HOST Result<void> try_read_tokenizer_config(std::string_view config, const std::string& place,
                                                 const PieceTables& tables, RowIds& row, bool& pads) {
  auto json = try_parse_json(config, place);
  if (!json) return json.error();
  const DismantledAtEnd end{*json};
  if (!json->is_object()) return LoadError{place, "content", "an object", json_in_words(*json)};
  // A token is a string, or an object that holds one.
  const auto token = [&](const char* key, std::int32_t& id) -> Result<void> {
    const Json* found = &json_part(*json, key);
    if (found->is_null()) return {};
    if (found->is_object() && found->contains("content")) found = &found->at("content");
    const auto* const text = found->get_ptr<const Json::string_t*>();
    const std::int32_t known = text == nullptr ? -1 : tables.find(*text);
    if (known < 0) return vocabulary_error(place, key, "a piece of the vocabulary", json_in_words(*found));
    id = known;
    return {};
  };
  const auto flag = [&](const char* key, bool otherwise) -> Result<bool> {
    const Json& found = json_part(*json, key);
    if (found.is_null()) return otherwise;
    if (!found.is_boolean()) return LoadError{place, key, "true or false", json_in_words(found)};
    return found.get<bool>();
  };
  const auto starts = flag("add_bos_token", false), ends = flag("add_eos_token", true);
  if (!starts) return starts.error();
  if (!ends) return ends.error();
  if (auto done = token("eos_token", row.end); !done) return done.error();
  if (*starts)
    if (auto done = token("bos_token", row.start); !done) return done.error();
  pads = !json_part(*json, "pad_token").is_null();
  if (auto done = token("pad_token", row.pad); !done) return done.error();
  if (!*starts) row.start = -1;
  if (!*ends) row.end = -1;
  return {};
}

}  // namespace clip::inline CLIP_ABI::detail
