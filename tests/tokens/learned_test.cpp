#include <clip/tokens/learned.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

using namespace clip;

namespace {

Texts names() {
  Texts texts{99};
  for (const std::vector<std::int32_t>& ids : {std::vector<std::int32_t>{98, 5, 7, 99}, {98, 6, 7, 99}, {98, 5, 7, 99}})
    texts.add(ids);
  return texts;
}

std::vector<std::int32_t> row(const Texts& texts, Index i) { return {texts[i].begin(), texts[i].end()}; }

}  // namespace

TEST_CASE("learned ids are negative, one for each vector") {
  CHECK(learned_id(0) == -1);
  CHECK(learned_id(16) == -17);
  CHECK(learned_id(learned_id(5)) == 5);
}

TEST_CASE("learned vectors are inserted at the given position of every text") {
  const Texts texts = names();
  const Texts after_start = with_learned(texts, 2);
  CHECK(after_start.size() == 3);
  CHECK(row(after_start, 0) == std::vector<std::int32_t>{98, -1, -2, 5, 7, 99});
  CHECK(row(after_start, 1) == std::vector<std::int32_t>{98, -1, -2, 6, 7, 99});
  CHECK(row(with_learned(texts, 2, 2), 1) == std::vector<std::int32_t>{98, 6, -1, -2, 7, 99});
  CHECK(row(with_learned(texts, 1, 3, 4), 1) == std::vector<std::int32_t>{98, 6, 7, -5, 99});
  CHECK(row(with_learned(texts, 0), 1) == row(texts, 1));
  CHECK_THROWS_WITH_AS(with_learned(texts, 2, 4), "text 0: position of learned vectors: expected 0 to 3, found 4",
                       InputError);
}

TEST_CASE("a learned prefix is one segment of the tree, shared by all texts") {
  TextBatch batch;
  prefix_tree(with_learned(names(), 3), batch);
  number_vectors(batch);
  CHECK(batch.ids == std::vector<std::int32_t>{98, -1, -2, -3, 5, 7, 99, 6, 7, 99});
  CHECK(batch.vectors == std::vector<std::int32_t>{-99, 0, 1, 2, -6, -8, -100, -7, -8, -100});
  CHECK(batch.leaf == std::vector<std::int32_t>{0, 1, 0});
}
