// clip/checkpoint/self_test_record.hpp: what a model makes of a few known inputs, as text in a file's metadata.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/size.hpp>
#include <clip/io/json.hpp>
#include <clip/io/json_reader.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// The key of the metadata it stands under.
inline constexpr const char* self_test_key = "clip.self_test";

/// One feature vector, as much of it as tells models apart: its length, and the first values when that is made one.
struct FeatureSign {
  double norm = 0;
  std::vector<double> first;

  friend bool operator==(const FeatureSign&, const FeatureSign&) = default;
};

/// Pictures are noise drawn from `seed`, decoded size and all, so that preprocessing counts; texts are the ids themselves, the last
/// of which ends a text. Empty where a tower was not asked.
struct SelfTest {
  std::uint64_t seed = 0;
  std::string scalar;  // the arithmetic it was computed in
  std::vector<FeatureSign> images, texts;
  std::vector<std::vector<std::int32_t>> ids;

  friend bool operator==(const SelfTest&, const SelfTest&) = default;
};

namespace detail {
inline Json signs_to_json(const std::vector<FeatureSign>& signs) {
  Json json = Json::array();
  for (const FeatureSign& sign : signs) json.push_back({{"norm", sign.norm}, {"first", sign.first}});
  return json;
}

/// Reads {"0": …, "1": …} made of an array, so that the reader of settings can ask for each.
inline Json numbered(const Json& array) {
  Json object = Json::object();
  for (std::size_t i = 0; array.is_array() && i < array.size(); ++i) object[std::to_string(i)] = array[i];
  return object;
}
}  // namespace detail

inline std::string self_test_text(const SelfTest& test) {
  return json_text(Json{{"seed", test.seed},
                        {"scalar", test.scalar},
                        {"ids", test.ids},
                        {"images", detail::signs_to_json(test.images)},
                        {"texts", detail::signs_to_json(test.texts)}});
}

/// LoadError: not such a text.
[[nodiscard]] inline Result<SelfTest> try_parse_self_test(const std::string& text, const std::string& file) {
  const std::string place = file + ": " + self_test_key;
  auto json = try_parse_json(text, place);
  if (!json) return json.error();
  const auto bad = [&](const std::string& what) -> Error { return LoadError{place, what}; };
  if (!json->is_object()) return bad("expected an object, found " + json_in_words(*json));
  const auto part = [&](const char* key) { return json->contains(key) ? (*json)[key] : Json{}; };
  if (!part("seed").is_number_unsigned() || !part("scalar").is_string() || !part("ids").is_array())
    return bad("expected seed, scalar, ids, images and texts");
  SelfTest test{part("seed").get<std::uint64_t>(), part("scalar").get<std::string>(), {}, {}, {}};
  for (const Json& row : part("ids")) {
    if (!row.is_array() || row.empty()) return bad("ids: expected rows of numbers");
    test.ids.emplace_back();
    for (const Json& id : row) {
      if (!id.is_number_unsigned() || id.get<std::uint64_t>() > std::uint64_t{std::numeric_limits<std::int32_t>::max()})
        return bad("ids: expected numbers of 0 or more");
      test.ids.back().push_back(static_cast<std::int32_t>(id.get<std::uint64_t>()));
    }
  }
  for (const auto& [key, signs] : {std::pair{"images", &test.images}, {"texts", &test.texts}}) {
    const Json rows = detail::numbered(part(key));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      JsonReader read{rows[std::to_string(i)], place + ": " + key};
      signs->push_back({read.number("norm"), read.numbers("first")});
      if (auto done = read.finish(); !done) return done.error();
    }
  }
  if (test.texts.size() != test.ids.size()) return bad("expected as many texts as rows of ids");
  return test;
}

}  // namespace clip::inline CLIP_ABI
