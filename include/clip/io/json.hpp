// clip/io/json.hpp: JSON parsing and printing; the only header that includes nlohmann/json.
//
// Bad text never throws or aborts, with exceptions enabled or disabled. A duplicate key is an error: other readers
// silently take one of the two values.
#pragma once

#include <clip/core/result.hpp>
#include <clip/io/json_fwd.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

/// Parses exactly one JSON value. `place` is the file name in error messages.
/// LoadError: not JSON (with the byte offset), not UTF-8, duplicate key in one object, too deep, more
/// memory than file_budget() allows for the length of the text.
[[nodiscard]] CLIP_HOST Result<Json> try_parse_json(std::string_view text, const std::string& place);

CLIP_HOST Json parse_json(std::string_view text, const std::string& place);

/// The value as text, keys in alphabetical order. Invalid UTF-8 becomes U+FFFD.
CLIP_HOST std::string json_text(const Json& value, int indent = -1);

/// The shortest decimal that reads back as the same float, as a double: 0.1 instead of 0.100000001.
CLIP_HOST double as_written(float value);

/// A short description for error messages: the value itself, or the size of an array.
CLIP_HOST std::string json_in_words(const Json& value);

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/io/json.inl.hpp>
#endif
