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
#include <type_traits>
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
CLIP_HOST std::string json_text(const JsonTree& value, int indent = -1);

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
/// Adds keys and values to an object. The place of a tree is made first, and the tree is then moved there: it has an
/// owner at any time.
template <class Value, class... Rest>
void put_fields(Json& object, const char* key, Value&& value, Rest&&... rest) {
  Json& place = object[key];
  if constexpr (std::is_same_v<Value, JsonTree>) place = std::move(*value);
  else place = Json(std::forward<Value>(value));
  put_fields(object, std::forward<Rest>(rest)...);
}

}  // namespace detail

/// A Json that takes no memory when it is destroyed, so that a program may run out of memory while one is built. (The
/// destructor of nlohmann/json takes some, and ends the program where there is none.) Functions that build an array or
/// an object return a JsonTree. It is used as a Json:
///
///   JsonTree tree = json_object("width", 64, "image", json_object("size", 224));
///   tree["heads"] = 4;
///   std::string text = json_text(tree);
///   Json copy = tree;  // gives that up
class JsonTree {
 public:
  JsonTree() = default;
  JsonTree(Json&& value) noexcept : value_(std::move(value)) {}
  JsonTree(JsonTree&& other) noexcept : value_(std::move(other.value_)) {}
  JsonTree& operator=(JsonTree&& other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }
  ~JsonTree() { detail::dismantle(value_); }

  operator Json&() & noexcept { return value_; }
  operator const Json&() const& noexcept { return value_; }
  Json& operator*() noexcept { return value_; }
  const Json& operator*() const noexcept { return value_; }
  Json* operator->() noexcept { return &value_; }
  const Json* operator->() const noexcept { return &value_; }
  Json& operator[](const char* key) { return of(Json::value_t::object)[key]; }
  Json& operator[](const std::string& key) { return of(Json::value_t::object)[key]; }
  std::string dump(int indent = -1) const { return value_.dump(indent); }

  /// Adds keys and values: put("width", 64, "heads", 4). A tree is moved there. Null becomes an object, here and in [].
  template <class... Fields>
  void put(Fields&&... fields) {
    detail::put_fields(of(Json::value_t::object), std::forward<Fields>(fields)...);
  }
  /// Appends to an array; null becomes one.
  void push_back(JsonTree item) {
    of(Json::value_t::array).push_back(nullptr);
    value_.back() = std::move(item.value_);
  }

 private:
  /// The value; null becomes an empty one of this type. (nlohmann/json's own conversion of null leaves an array without
  /// memory behind where it finds none.)
  Json& of(Json::value_t type) {
    if (value_.is_null()) value_ = Json(type);
    return value_;
  }

  Json value_;
};

/// The object of these keys and values. (In a list in braces every pair would be an array, with its destructor.)
template <class... Fields>
JsonTree json_object(Fields&&... fields) {
  JsonTree tree{Json::object()};
  tree.put(std::forward<Fields>(fields)...);
  return tree;
}

/// A short description for error messages: the value itself, or the size of an array.
CLIP_HOST std::string json_in_words(const Json& value);

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/io/json.inl.hpp>
#endif
