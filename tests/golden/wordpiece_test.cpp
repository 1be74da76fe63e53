#include <clip/tokenizer/wordpiece.hpp>

#include "golden_texts.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace clip;

TEST_CASE("random texts have the ids of BERT's tokenizer, uncased and cased") {
  const std::string vocabulary = CLIP_SOURCE_DIR "/tests/golden/wordpiece_vocabulary.txt";
  const Json texts = golden_json("wordpiece.json.gz");
  SUBCASE("uncased") { compare_ids(WordPiece{vocabulary}, texts["uncased"], 1, 1500); }
  SUBCASE("cased") { compare_ids(WordPiece{vocabulary, Letters::cased}, texts["cased"], 1, 1500); }
}
