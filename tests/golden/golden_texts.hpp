// tests/golden/golden_texts.hpp: the texts and ids of make_tokenizer.py and make_wordpiece.py.
#pragma once

#include <clip/io/bytes.hpp>
#include <clip/io/inflate.hpp>
#include <clip/io/json.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

inline clip::Json golden_json(const std::string& name) {
  const std::string path = CLIP_SOURCE_DIR "/tests/golden/" + name;
  return clip::parse_json(clip::as_text(clip::read_file(path)), path);
}

inline std::vector<std::int32_t> ids_from(const clip::Json& row, std::size_t first) {
  std::vector<std::int32_t> ids;
  for (std::size_t i = first; i < row.size(); ++i) ids.push_back(row[i].get<std::int32_t>());
  return ids;
}

/// Compares every row [text, (repaired,) id, id, …] with the ids a tokenizer gives, and shows the first few that
/// differ.
template <class Tokenizer>
void compare_ids(const Tokenizer& tokenizer, const clip::Json& rows, std::size_t first_id, std::size_t least) {
  const auto words = [](const std::vector<std::int32_t>& ids) {
    std::string all;
    for (const std::int32_t id : ids) all += std::to_string(id) + ' ';
    return all;
  };
  CHECK(rows.size() >= least);
  int wrong = 0;
  for (const clip::Json& row : rows) {
    const auto expected = ids_from(row, first_id), found = tokenizer.encode(row[0].get<std::string>());
    if (found == expected) continue;
    if (++wrong <= 10)
      MESSAGE(clip::json_text(row[0]) << "\nexpected " << words(expected) << "\nfound    " << words(found));
  }
  CHECK(wrong == 0);
}
