// clip/checkpoint/self_test_record.inl.hpp: definitions of clip/checkpoint/self_test_record.hpp.
#pragma once

#include <clip/checkpoint/self_test_record.hpp>
#include <clip/io/json.hpp>
#include <clip/io/json_reader.hpp>

#include <cstddef>
#include <limits>
#include <utility>

namespace clip::inline CLIP_ABI {

namespace detail {
inline JsonTree digests_to_json(const std::vector<FeatureDigest>& digests) {
  JsonTree json{Json::array()};
  for (const FeatureDigest& digest : digests) json.push_back(json_object("norm", digest.norm, "first", digest.first));
  return json;
}

/// Converts an array to an object {"0": …, "1": …}, which JsonReader can read.
inline JsonTree numbered(Json&& array) {
  JsonTree object{Json::object()};
  for (std::size_t i = 0; array.is_array() && i < array.size(); ++i) {
    Json& place = object[std::to_string(i)];
    place = std::move(array[i]);
  }
  return object;
}
}  // namespace detail

CLIP_HOST std::string self_test_text(const SelfTest& test) {
  return json_text(json_object("seed", test.seed, "scalar", test.scalar, "ids", test.ids, "images",
                               detail::digests_to_json(test.images), "texts", detail::digests_to_json(test.texts)));
}

CLIP_HOST Result<SelfTest> try_parse_self_test(const std::string& text, const std::string& file) {
  const std::string place = file + ": " + self_test_key;
  auto json = try_parse_json(text, place);
  if (!json) return json.error();
  const detail::DismantledAtEnd end{*json};
  const auto bad = [&](const std::string& what) -> Error { return LoadError{place, what}; };
  if (!json->is_object()) return bad("expected an object, found " + json_in_words(*json));
  const Json none;
  const auto part = [&](const char* key) -> const Json& {
    const auto found = json->find(key);
    return found == json->end() ? none : *found;
  };
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
  for (const auto& [key, digests] : {std::pair{"images", &test.images}, {"texts", &test.texts}}) {
    JsonTree rows = detail::numbered(std::move((*json)[key]));
    for (std::size_t i = 0; i < rows->size(); ++i) {
      JsonReader read{rows[std::to_string(i)], place + ": " + key};
      digests->push_back({read.number("norm"), read.numbers("first")});
      if (auto done = read.finish(); !done) return done.error();
    }
  }
  if (test.texts.size() != test.ids.size()) return bad("expected as many texts as rows of ids");
  return test;
}

}  // namespace clip::inline CLIP_ABI
