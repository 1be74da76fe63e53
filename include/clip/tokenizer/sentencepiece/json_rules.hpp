// clip/tokenizer/sentencepiece/json_rules.hpp: the normaliser and the pre-tokeniser of a tokenizer.json, as rules.
#pragma once

#include <clip/core/result.hpp>
#include <clip/io/json.hpp>
#include <clip/tokenizer/sentencepiece/piece_model.hpp>
#include <clip/tokenizer/vocabulary/json_parts.hpp>
#include <clip/tokenizer/vocabulary/vocabulary_error.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI::detail {

inline Error json_error(const std::string& place, const std::string& what, const std::string& expected,
                        const Json& found) {
  return vocabulary_error(place, what, expected, json_in_words(found));
}

/// The bytes of a text in base64; false: another character.
inline bool decode_base64(std::string_view text, std::string& out) {
  std::uint32_t bits = 0;
  int held = 0;
  while (text.ends_with('=')) text.remove_suffix(1);
  for (const char c : text) {
    const int digit = c >= 'A' && c <= 'Z'   ? c - 'A'
                      : c >= 'a' && c <= 'z' ? c - 'a' + 26
                      : c >= '0' && c <= '9' ? c - '0' + 52
                      : c == '+'             ? 62
                      : c == '/'             ? 63
                                             : -1;
    if (digit < 0) return false;
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    if ((held += 6) < 8) continue;
    held -= 8;
    out.push_back(static_cast<char>(bits >> held & 0xFF));
  }
  return true;
}

/// Collects what the steps of a normaliser and a pre-tokeniser do to spaces.
class JsonRules {
 public:
  /// `rules.character_map` will point into `character_map`.
  JsonRules(const std::string& place, NormalizerRules& rules, std::string& character_map)
      : place_{&place}, rules_{&rules}, character_map_{&character_map} {
    rules_->dummy_prefix = rules_->remove_extra_spaces = rules_->escape_spaces = false;
  }

  Result<void> try_normalizer(const Json& step, const std::string& at) {
    if (step.is_null()) return {};
    const Json& type = json_part(step, "type");
    if (is_text(type, "Sequence")) return each(json_part(step, "normalizers"), at, &JsonRules::try_normalizer);
    if (is_text(type, "Precompiled")) return try_map(json_part(step, "precompiled_charsmap"), at);
    if (is_text(type, "Replace")) return try_replace(step, at);
    if (is_text(type, "Lowercase") && character_map_->empty()) {
      rules_->lower_case = true;
      return {};
    }
    if (is_text(type, "Prepend") && is_text(json_part(step, "prepend"), space_mark)) {
      rules_->dummy_prefix = true;
      return {};
    }
    if (is_text(type, "Strip")) {
      strips_ = true;
      return {};
    }
    return json_error(*place_, at,
                      "Sequence, Precompiled, Replace of spaces, Lowercase before Precompiled, Prepend of \"" +
                          std::string(space_mark) + "\" or Strip",
                      type.is_string() ? type : step);
  }

  Result<void> try_pre_tokenizer(const Json& step, const std::string& at) {
    if (step.is_null()) return {};
    const Json& type = json_part(step, "type");
    if (is_text(type, "Sequence")) return each(json_part(step, "pretokenizers"), at, &JsonRules::try_pre_tokenizer);
    if (is_text(type, "WhitespaceSplit")) {
      rules_->remove_extra_spaces = true;
      return {};
    }
    if (is_text(type, "Metaspace") && is_text(json_part(step, "replacement"), space_mark)) {
      const Json &scheme = json_part(step, "prepend_scheme"), &prefix = json_part(step, "add_prefix_space");
      const bool never = is_text(scheme, "never") || (scheme.is_null() && prefix.is_boolean() && !prefix.get<bool>());
      rules_->dummy_prefix = !never;
      rules_->escape_spaces = true;
      return {};
    }
    // There is no space left to split at.
    if (is_text(type, "Split") && rules_->escape_spaces &&
        is_text(json_part(json_part(step, "pattern"), "String"), " "))
      return {};
    return json_error(*place_, at, "Sequence, WhitespaceSplit, Metaspace, or Split at spaces that are replaced before",
                      type.is_string() ? type : step);
  }

  Result<void> try_finish() const {
    if (strips_ && !rules_->remove_extra_spaces)
      return vocabulary_error(*place_, "normalizer", "a replacement of several spaces beside Strip", "none");
    if (!rules_->escape_spaces)
      return vocabulary_error(*place_, "normalizer and pre_tokenizer",
                              "one that writes spaces as \"" + std::string(space_mark) + '"', "none");
    return {};
  }

 private:
  using Read = Result<void> (JsonRules::*)(const Json&, const std::string&);
  Result<void> each(const Json& steps, const std::string& at, Read read) {
    if (!steps.is_array()) return json_error(*place_, at, "an array of steps", steps);
    for (std::size_t i = 0; i < steps.size(); ++i)
      if (auto done = (this->*read)(steps[i], at + '[' + std::to_string(i) + ']'); !done) return done;
    return {};
  }

  Result<void> try_map(const Json& map, const std::string& at) {
    const auto* const text = map.get_ptr<const Json::string_t*>();
    if (map.is_null()) return {};
    if (text == nullptr || !decode_base64(*text, *character_map_))
      return json_error(*place_, at + ".precompiled_charsmap", "bytes in base64", map);
    rules_->character_map = *character_map_;
    return {};
  }

  Result<void> try_replace(const Json& step, const std::string& at) {
    const Json &pattern = json_part(step, "pattern"), &content = json_part(step, "content");
    const bool mark = is_text(content, space_mark);
    if (is_text(json_part(pattern, "String"), " ") && mark) {
      rules_->escape_spaces = true;
      return {};
    }
    if (is_text(json_part(pattern, "Regex"), " {2,}") && (mark || is_text(content, " "))) {
      rules_->remove_extra_spaces = true;
      return {};
    }
    return json_error(*place_, at, "a replacement of \" \" or of several spaces", pattern);
  }

  const std::string* place_;
  NormalizerRules* rules_;
  std::string* character_map_;
  bool strips_ = false;
};

}  // namespace clip::inline CLIP_ABI::detail
