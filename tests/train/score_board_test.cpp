#include <clip/train/score_board.hpp>

#include "../io/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace clip;

TEST_CASE("score board: the present scores beside the best, the first of equal ones; found again in its file") {
  const TemporaryFolder folder;
  const std::string path = folder / "scores.json";
  ScoreBoard board = ScoreBoard::try_open(path).value();
  CHECK(board.in_words().empty());
  CHECK(board.best() == nullptr);
  CHECK(board.would_be_best({{}, -5, ""}));
  board.try_add(1, {{{"sum", 20}}, 20, "twenty"}).value();
  board.try_add(2, {{{"sum", 30.25}}, 30.25, "thirty"}).value();
  board.try_add(3, {{{"sum", 30.25}}, 30.25, "thirty again"}).value();
  CHECK(!board.would_be_best({{}, 30.25, ""}));
  CHECK(board.would_be_best({{}, 30.5, ""}));
  const std::string words = "Now Scores (epoch 3)\nthirty again\nBest Scores (epoch 2)\nthirty";
  CHECK(board.in_words() == words);
  const ScoreBoard again = ScoreBoard::try_open(path).value();
  CHECK(again.in_words() == words);
  CHECK(again.has(2));
  CHECK(!again.has(4));
  CHECK(again.rows()[1].scores.values.at("sum") == 30.25);
}

TEST_CASE("score board: a file of another kind is an error") {
  const TemporaryFolder folder;
  put(folder / "a", "hello");
  CHECK(!ScoreBoard::try_open(folder / "a"));
  put(folder / "b", "{}");
  CHECK(!ScoreBoard::try_open(folder / "b"));
  put(folder / "c", "[{\"epoch\": 1}]");
  CHECK(!ScoreBoard::try_open(folder / "c"));
}
