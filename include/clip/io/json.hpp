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
#include <utility>

namespace clip::inline CLIP_ABI {

/// Parses exactly one JSON value. `place` is the file name in error messages.
/// LoadError: not JSON (with the byte offset), not UTF-8, duplicate key in one object, too deep, more
/// memory than file_budget() allows for the length of the text.
[[nodiscard]] CLIP_HOST Result<Json> try_parse_json(std::string_view text, const std::string& place);

CLIP_HOST Json parse_json(std::string_view text, const std::string& place);

/// The value as text, keys in alphabetical order. Invalid UTF-8 becomes U+FFFD.
CLIP_HOST std::string json_text(const Json& value, int indent = -1);
/// The same for a value that is not needed any more; it is null afterwards.
CLIP_HOST std::string json_text(Json&& value, int indent = -1);

/// The shortest decimal that reads back as the same float, as a double: 0.1 instead of 0.100000001.
CLIP_HOST double as_written(float value);

namespace detail {

/// Makes a value null without taking memory. The destructor of an array or object of nlohmann/json takes some, and so
/// ends the program where there is none.
CLIP_HOST void dismantle(Json& value) noexcept;

/// Dismantles a value at the end of a scope, before its own destructor runs.
class DismantledAtEnd {
 public:
  explicit DismantledAtEnd(Json& value) : value_{value} {}
  DismantledAtEnd(const DismantledAtEnd&) = delete;
  DismantledAtEnd& operator=(const DismantledAtEnd&) = delete;
  ~DismantledAtEnd() { dismantle(value_); }

 private:
  Json& value_;
};

/// Whether a value is this text. (`value == "text"` makes a Json of the text, and ends the program without memory.)
inline bool is_text(const Json& value, std::string_view text) {
  const auto* const held = value.get_ptr<const Json::string_t*>();
  return held != nullptr && *held == text;
}

inline void put_fields(Json&) {}
template <class Value, class... Rest>
void put_fields(Json& object, const char* key, Value&& value, Rest&&... rest) {
  object[key] = Json(std::forward<Value>(value));
  put_fields(object, std::forward<Rest>(rest)...);
}

/// The object of these keys and values. (In a list in braces every pair would be an array, with its destructor.)
template <class... Fields>
Json json_object(Fields&&... fields) {
  struct Building {
    Json object = Json::object();
    ~Building() { dismantle(object); }
  } building;
  put_fields(building.object, std::forward<Fields>(fields)...);
  return std::move(building.object);
}

}  // namespace detail

/// A short description for error messages: the value itself, or the size of an array.
CLIP_HOST std::string json_in_words(const Json& value);

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/io/json.inl.hpp>
#endif
