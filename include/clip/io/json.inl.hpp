// clip/io/json.inl.hpp: definitions of clip/io/json.hpp.
#pragma once

#include <clip/io/file_budget.hpp>
#include <clip/io/json.hpp>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {

/// Builds a Json from the parser's events. (The library's own builder neither detects duplicate keys nor limits the
/// depth.)
class JsonBuilder {
 public:
  /// `budget`: bytes that the values may take.
  JsonBuilder(Json& root, std::size_t budget) : root_{root}, budget_{budget} {}
  bool too_large() const { return spent_ > budget_; }
  const std::string& problem() const { return problem_; }

  bool null() { return place(nullptr); }
  bool boolean(bool value) { return place(value); }
  bool number_integer(std::int64_t value) { return place(value); }
  bool number_unsigned(std::uint64_t value) { return place(value); }
  bool number_float(double value, const std::string&) { return place(value); }
  bool string(std::string& value) { return spend(string_cost + value.size()) && place(std::move(value)); }
  bool binary(Json::binary_t&) { return false; }  // does not occur in text
  bool start_object(std::size_t) { return open(Json::object()); }
  bool start_array(std::size_t) { return open(Json::array()); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  bool key(std::string& name) {
    if (!spend(key_cost + name.size())) return false;
    auto [place, is_new] = open_.back()->get_ptr<Json::object_t*>()->emplace(name, nullptr);
    slot_ = &place->second;
    if (!is_new) problem_ = "key \"" + name + "\" occurs twice in one object";
    return is_new;
  }

  bool parse_error(std::size_t position, const std::string& token, const nlohmann::detail::exception&) {
    problem_ = "not valid JSON at byte " + std::to_string(position) +
               (token.empty() ? "" : " (at '" + token.substr(0, 60) + "')");
    return false;
  }

 private:
  static constexpr std::size_t deepest = 200;
  // Bytes with the allocator's own: a value in an array that grows, a container, a string, a node of an object.
  static constexpr std::size_t value_cost = 24, container_cost = 40, string_cost = 48, key_cost = 96;

  bool spend(std::size_t bytes) {
    spent_ += bytes;
    return !too_large();
  }
  bool place(Json value) {
    if (!spend(value_cost)) return false;
    *next() = std::move(value);
    return true;
  }
  bool open(Json value) {
    if (open_.size() == deepest) {
      problem_ = "nested more than " + std::to_string(deepest) + " deep";
      return false;
    }
    if (!spend(value_cost + container_cost)) return false;
    Json* const slot = next();
    *slot = std::move(value);
    open_.push_back(slot);
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }
  /// Address of the next value. An open array does not grow while one of its elements is open, so the pointers stay
  /// valid.
  Json* next() {
    if (open_.empty()) return &root_;
    if (open_.back()->is_object()) return slot_;
    auto* const values = open_.back()->get_ptr<Json::array_t*>();
    values->emplace_back();
    return &values->back();
  }

  Json& root_;
  std::vector<Json*> open_;
  Json* slot_ = nullptr;
  std::size_t budget_, spent_ = 0;
  std::string problem_;
};

/// Json::sax_parse for text alone. That function compiles readers of binary formats, too: a tenth of a whole program's
/// compile time.
inline bool parse_events(std::string_view text, JsonBuilder& builder) {
#if NLOHMANN_JSON_VERSION_MAJOR == 3
  auto input = nlohmann::detail::input_adapter(text.data(), text.data() + text.size());
  return nlohmann::detail::parser<Json, decltype(input)>(std::move(input)).sax_parse(&builder);
#else
  return Json::sax_parse(text.data(), text.data() + text.size(), &builder);
#endif
}

CLIP_HOST void dismantle(Json& value) noexcept {
  if (auto* const array = value.get_ptr<Json::array_t*>()) {
    for (Json& element : *array) dismantle(element);
    array->clear();
  } else if (auto* const object = value.get_ptr<Json::object_t*>()) {
    for (auto& [key, element] : *object) dismantle(element);
    object->clear();
  }
}

}  // namespace detail

CLIP_HOST Result<Json> try_parse_json(std::string_view text, const std::string& place) {
  // The parser treats a zero byte as the end of the text and would ignore the rest.
  if (const auto zero = text.find('\0'); zero != text.npos)
    return LoadError{place, "not valid JSON at byte " + std::to_string(zero) + " (a zero byte)"}.with_id(
        "clip.load.json");
  Json value;
  const std::size_t budget = file_budget().of(text.size());
  const detail::DismantledAtEnd end{value};  // null by then, unless something is wrong
  detail::JsonBuilder builder{value, budget};
  const bool valid = detail::parse_events(text, builder);
  if (builder.too_large()) return detail::budget_error(place, "its JSON", budget);
  if (!valid) return LoadError{place, builder.problem()}.with_id("clip.load.json");
  return value;
}

CLIP_HOST Json parse_json(std::string_view text, const std::string& place) {
  return try_parse_json(text, place).value();
}

CLIP_HOST std::string json_text(const Json& value, int indent) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

CLIP_HOST std::string json_text(Json&& value, int indent) {
  const detail::DismantledAtEnd end{value};
  return json_text(std::as_const(value), indent);
}

CLIP_HOST std::string json_text(const JsonTree& value, int indent) { return json_text(*value, indent); }

CLIP_HOST double as_written(float value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  double number = 0;
  std::from_chars(text, end, number);
  return number;
}

CLIP_HOST std::string json_in_words(const Json& value) {
  if (value.is_array()) return "an array of " + std::to_string(value.size());
  if (value.is_object()) return "an object";
  std::string text = json_text(value);
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  return text;
}

}  // namespace clip::inline CLIP_ABI
