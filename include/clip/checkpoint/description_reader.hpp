// clip/checkpoint/description_reader.hpp: reads single keys of another program's JSON, with all problems in one error.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/size.hpp>
#include <clip/io/json.hpp>
#include <clip/tower/json_fields.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace clip::inline CLIP_ABI::detail {

/// Reads keys of a foreign file. Null counts as absent, as in transformers; a value of the wrong type is a problem.
/// What other keys mean is for the caller to say.
class DescriptionReader {
 public:
  explicit DescriptionReader(std::string place) : place_{std::move(place)} {}

  /// The keys read from now on are below this one, for errors; empty: at the top.
  void enter(const std::string& key) { prefix_ = key.empty() ? key : key + "."; }

  const Json* find(const Json* object, const char* key) const {
    if (object == nullptr || !object->is_object()) return nullptr;
    const auto at = object->find(key);
    return at == object->end() || at->is_null() ? nullptr : &*at;
  }
  /// A positive integer below 2^31, or nullopt.
  static std::optional<Index> positive(const Json& value) {
    if (!value.is_number_unsigned()) return std::nullopt;
    const auto number = value.get<std::uint64_t>();
    return number >= 1 && number < (std::uint64_t{1} << 31) ? std::optional{static_cast<Index>(number)} : std::nullopt;
  }
  Index integer(const Json* object, const char* key, Index otherwise) {
    const Json* const value = find(object, key);
    if (value == nullptr) return otherwise;
    if (const auto number = positive(*value)) return *number;
    problem(key, "a positive integer", *value);
    return otherwise;
  }
  bool flag(const Json* object, const char* key, bool otherwise) {
    const Json* const value = find(object, key);
    if (value == nullptr) return otherwise;
    if (value->is_boolean()) return value->get<bool>();
    problem(key, "true or false", *value);
    return otherwise;
  }
  /// Empty if absent. The text is the file's.
  std::string_view text(const Json* object, const char* key) {
    const Json* const value = find(object, key);
    if (value == nullptr) return {};
    if (const auto* const said = value->get_ptr<const Json::string_t*>()) return *said;
    problem(key, "a text", *value);
    return {};
  }
  std::optional<Activation> activation(const Json* object, const char* key, Activation otherwise) {
    const Json* const value = find(object, key);
    if (value == nullptr) return otherwise;
    const auto* const name = value->get_ptr<const Json::string_t*>();
    if (const auto known =
            choice_named(name != nullptr ? std::string_view{*name} : std::string_view{}, huggingface_activations))
      return known->activation;
    problem(key, names_in_words(huggingface_activations), *value);
    return std::nullopt;
  }
  float number(const Json* object, const char* key, float otherwise) {
    const Json* const value = find(object, key);
    if (value == nullptr) return otherwise;
    if (value->is_number()) return static_cast<float>(value->get<double>());
    problem(key, "a number", *value);
    return otherwise;
  }
  /// Three numbers, or one for all three colours.
  std::array<float, 3> colours(const Json* object, const char* key, std::array<float, 3> otherwise) {
    const Json* const value = find(object, key);
    if (value == nullptr) return otherwise;
    std::array<float, 3> numbers{};
    bool good = value->is_number() || (value->is_array() && value->size() == 3);
    for (std::size_t i = 0; good && i < 3; ++i) {
      const Json& one = value->is_array() ? (*value)[i] : *value;
      good = one.is_number();
      if (good) numbers[i] = static_cast<float>(one.get<double>());
    }
    if (good) return numbers;
    problem(key, "three numbers", *value);
    return otherwise;
  }
  void problem(const std::string& key, const std::string& expected, const Json& found) {
    problems_ +=
        (problems_.empty() ? "" : "; ") + prefix_ + key + ": expected " + expected + ", found " + json_in_words(found);
  }
  /// LoadError: every problem.
  Result<void> finish() const {
    if (problems_.empty()) return {};
    return LoadError{place_, problems_}.with_id("clip.load.keys");
  }

 private:
  std::string place_, prefix_, problems_;
};

}  // namespace clip::inline CLIP_ABI::detail
