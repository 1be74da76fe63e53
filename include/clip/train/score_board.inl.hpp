// clip/train/score_board.inl.hpp: definitions of clip/train/score_board.hpp.
#pragma once

#include <clip/io/atomic_file.hpp>
#include <clip/io/bytes.hpp>
#include <clip/io/file_bytes.hpp>
#include <clip/io/json.hpp>
#include <clip/io/json_reader.hpp>
#include <clip/io/posix.hpp>
#include <clip/train/score_board.hpp>

#include <algorithm>
#include <utility>

namespace clip::inline CLIP_ABI {

CLIP_HOST Result<ScoreBoard> ScoreBoard::try_open(std::string path) {
  ScoreBoard board;
  board.path_ = std::move(path);
  if (!detail::is_there(board.path_)) return board;
  const auto bytes = try_read_bytes(board.path_);
  if (!bytes) return bytes.error();
  const auto json = try_parse_json(as_text(*bytes), board.path_);
  if (!json) return json.error();
  if (!json->is_array()) return LoadError{board.path_, "evaluations", "a JSON array", "another value"};
  for (const Json& item : *json) {
    JsonReader reader{item, board.path_};
    Row row{reader.integer("epoch", 1), {}};
    row.scores.total = reader.number("total");
    row.scores.in_words = reader.text("words");
    const Json* const values = reader.value("values");
    if (values != nullptr && values->is_object())
      for (const auto& [name, value] : values->items())
        if (value.is_number()) row.scores.values[name] = value.get<double>();
    if (auto done = reader.finish(); !done) return done.error();
    board.rows_.push_back(std::move(row));
  }
  return board;
}

CLIP_HOST const ScoreBoard::Row* ScoreBoard::best() const {
  const Row* found = nullptr;
  for (const Row& row : rows_)
    if (found == nullptr || row.scores.total > found->scores.total) found = &row;
  return found;
}

CLIP_HOST bool ScoreBoard::would_be_best(const Scores& scores) const {
  return best() == nullptr || scores.total > best()->scores.total;
}

CLIP_HOST bool ScoreBoard::has(Index epoch) const {
  return std::ranges::any_of(rows_, [&](const Row& row) { return row.epoch == epoch; });
}

CLIP_HOST Result<void> ScoreBoard::try_add(Index epoch, Scores scores) {
  rows_.push_back({epoch, std::move(scores)});
  JsonTree all{Json::array()};
  for (const Row& row : rows_)
    all.push_back(json_object("epoch", row.epoch, "total", row.scores.total, "words", row.scores.in_words, "values",
                              JsonTree{Json(row.scores.values)}));
  return try_write_file(path_, as_byte_span(json_text(all, 1) + '\n'));
}

CLIP_HOST std::string ScoreBoard::in_words() const {
  const auto block = [](const char* name, const Row& row) {
    return std::string(name) + " Scores (epoch " + std::to_string(row.epoch) + ")\n" + row.scores.in_words;
  };
  return rows_.empty() ? "" : block("Now", rows_.back()) + '\n' + block("Best", *best());
}

}  // namespace clip::inline CLIP_ABI
