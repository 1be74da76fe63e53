// clip/tokenizer/sentencepiece/tokenizer_config.inl.hpp: definitions of clip/tokenizer/sentencepiece/tokenizer_config.hpp.
#pragma once

#include <clip/io/json.hpp>
#include <clip/tokenizer/sentencepiece/tokenizer_config.hpp>

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
  const auto value = [&](const char* key) -> const Json* {
    const auto found = json->find(key);
    return found == json->end() || found->is_null() ? nullptr : &*found;
  };
  // A token is a string, or an object that holds one.
  const auto token = [&](const char* key, std::int32_t& id) -> Result<void> {
    const Json* found = value(key);
    if (found == nullptr) return {};
    if (found->is_object() && found->contains("content")) found = &found->at("content");
    const auto* const text = found->get_ptr<const Json::string_t*>();
    const std::int32_t known = text == nullptr ? -1 : tables.find(*text);
    if (known < 0)
      return LoadError{place, key, "a piece of the vocabulary", json_in_words(*found)}.with_id("clip.load.vocabulary");
    id = known;
    return {};
  };
  const auto flag = [&](const char* key, bool otherwise) -> Result<bool> {
    const Json* const found = value(key);
    if (found == nullptr) return otherwise;
    if (!found->is_boolean()) return LoadError{place, key, "true or false", json_in_words(*found)};
    return found->get<bool>();
  };
  const auto starts = flag("add_bos_token", false), ends = flag("add_eos_token", true);
  if (!starts) return starts.error();
  if (!ends) return ends.error();
  if (auto done = token("eos_token", row.end); !done) return done.error();
  if (*starts)
    if (auto done = token("bos_token", row.start); !done) return done.error();
  pads = value("pad_token") != nullptr;
  if (auto done = token("pad_token", row.pad); !done) return done.error();
  if (!*starts) row.start = -1;
  if (!*ends) row.end = -1;
  return {};
}

}  // namespace clip::inline CLIP_ABI::detail
