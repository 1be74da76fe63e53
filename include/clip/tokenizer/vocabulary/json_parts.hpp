// clip/tokenizer/vocabulary/json_parts.hpp: what readers of tokenizer.json share: its beginning, values by key, merges.
#pragma once

#include <clip/io/json.hpp>

#include <cstddef>
#include <string_view>
#include <utility>

namespace clip::inline CLIP_ABI::detail {

inline std::string_view without_byte_order_mark(std::string_view file) {
  if (file.starts_with("\xEF\xBB\xBF")) file.remove_prefix(3);
  return file;
}

/// Whether the first character that is not white space is `{`, after a byte order mark or none.
inline bool looks_like_json(std::string_view file) {
  file = without_byte_order_mark(file);
  const std::size_t first = file.find_first_not_of(" \t\r\n");
  return first != file.npos && file[first] == '{';
}

/// The value of a key; null where `object` is no object or has no such key.
inline const Json& json_part(const Json& object, const char* key) {
  static const Json nothing;
  if (!object.is_object()) return nothing;
  const auto found = object.find(key);
  return found == object.end() ? nothing : *found;
}

/// The two strings of a merge, "a b" or ["a", "b"]. One of them is empty where the value is neither.
inline std::pair<std::string_view, std::string_view> merge_halves(const Json& merge) {
  if (const auto* const text = merge.get_ptr<const Json::string_t*>()) {
    const std::string_view both{*text};
    const std::size_t space = both.find(' ');
    return {both.substr(0, space), space == both.npos ? std::string_view{} : both.substr(space + 1)};
  }
  if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string())
    return {merge[0].get_ref<const Json::string_t&>(), merge[1].get_ref<const Json::string_t&>()};
  return {};
}

}  // namespace clip::inline CLIP_ABI::detail
