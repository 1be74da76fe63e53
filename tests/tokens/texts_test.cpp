#include <clip/tokens/texts.hpp>

#include <doctest/doctest.h>

#include <clip/core/rng.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

using clip::Index;
using clip::Texts;
using Row = std::vector<std::int32_t>;

namespace {
Row row(const Texts& texts, Index i) { return {texts[i].begin(), texts[i].end()}; }

Texts random_texts(std::uint64_t seed, Index count) {
  clip::Rng rng{seed};
  Texts texts{9};
  for (Index i = 0; i < count; ++i) {
    Row ids;
    for (std::uint64_t n = rng.below(4); n > 0; --n) ids.push_back(static_cast<std::int32_t>(rng.below(3)));
    ids.push_back(9);
    texts.add(ids);
  }
  return texts;
}
}  // namespace

TEST_CASE("a text ends with its first EOT") {
  Texts texts{9};
  texts.add(Row{1, 2, 9, 3, 9, 0, 0});
  texts.add(Row{9});
  CHECK(texts.size() == 2);
  CHECK(texts.tokens() == 4);
  CHECK(row(texts, 0) == Row{1, 2, 9});
  CHECK(row(texts, 1) == Row{9});
  CHECK(texts.eot(0) == 2);
  CHECK(texts.eot(1) == 0);
}

TEST_CASE("a text without EOT is an error and adds nothing") {
  Texts texts{9};
  texts.add(Row{1, 9});
  CHECK_THROWS_WITH_AS(texts.add(Row{1, 2, 3}), "text 1: end of text: expected id 9, found none in 3 ids",
                       clip::InputError);
  CHECK_THROWS_AS(texts.add(Row{}), clip::InputError);
  CHECK_THROWS_AS(Texts{}.add(Row{1, 9}), clip::InputError);
  CHECK(texts.size() == 1);
  CHECK(texts.tokens() == 2);
}

TEST_CASE("padded texts are a matrix with the pad after each EOT") {
  Texts texts{9};
  texts.add(Row{1, 2, 9});
  texts.add(Row{9});
  CHECK(texts.padded(4) == Row{1, 2, 9, 0, 9, 0, 0, 0});
  CHECK(texts.padded(3, 9) == Row{1, 2, 9, 9, 9, 9});
  CHECK_THROWS_WITH_AS((void)texts.padded(2), "text 0: ids: expected at most 2, found 3", clip::ShapeError);
  CHECK(Texts{9}.padded(4).empty());
}

TEST_CASE("rows of a cache are assembled into batches and keep their truncation flags") {
  Texts cache{9};
  cache.add(Row{1, 9});
  cache.add(Row{2, 2, 9}, true);
  Texts batch;
  batch.append(cache, 1);
  batch.append(cache, 0);
  batch.append(batch, 0);
  CHECK(batch.eot_id() == 9);
  CHECK(batch.padded(3) == Row{2, 2, 9, 1, 9, 0, 2, 2, 9});
  CHECK(cache.cut() == 1);
  CHECK(batch.cut() == 2);
  CHECK(batch.was_cut(0));
  CHECK_FALSE(batch.was_cut(1));
  CHECK_THROWS_AS(batch.append(cache, 2), clip::InputError);
  CHECK_THROWS_AS(batch.append(cache, -1), clip::InputError);
  Texts other{8};
  CHECK_THROWS_AS(other.append(cache, 0), clip::InputError);
}

TEST_CASE("equal texts, and no others, share a group, numbered by first occurrence") {
  for (const Index count : {0, 1, 2, 7, 100, 1000}) {
    const Texts texts = random_texts(static_cast<std::uint64_t>(count), count);
    std::map<Row, std::int32_t> seen;
    std::vector<std::int32_t> expected;
    for (Index i = 0; i < count; ++i)
      expected.push_back(seen.try_emplace(row(texts, i), static_cast<std::int32_t>(seen.size())).first->second);
    CHECK(texts.groups() == expected);
  }
}

TEST_CASE("groups are updated after add() and clear()") {
  Texts texts{9};
  texts.add(Row{1, 9});
  texts.add(Row{2, 9});
  CHECK(texts.groups() == Row{0, 1});
  texts.add(Row{1, 9});
  CHECK(texts.groups() == Row{0, 1, 0});
  texts.clear();
  CHECK(texts.empty());
  CHECK(texts.groups().empty());
  texts.add(Row{2, 9});
  CHECK(texts.groups() == Row{0});
  CHECK(texts.cut() == 0);
}

TEST_CASE("whole rows are kept as they are, whatever they hold") {
  clip::Texts rows = clip::Texts::whole(7);
  rows.add(Row{1, 2, 1, 2});
  rows.add(Row{}, true);
  rows.add(Row{3});
  CHECK(rows.size() == 3);
  CHECK(rows.tokens() == 5);
  CHECK(Row(rows[0].begin(), rows[0].end()) == Row{1, 2, 1, 2});
  CHECK(rows[1].empty());
  CHECK((rows.length(2) == 1 && rows.longest() == 4));
  CHECK((rows.cut() == 1 && rows.was_cut(1) && !rows.was_cut(2)));
  clip::Texts some;
  some.append(rows, 2);
  CHECK((some.pad() == 7 && some.length(0) == 1));
  CHECK_THROWS_AS((clip::Texts{9}.append(rows, 0)), clip::InputError);
}

TEST_CASE("a padded matrix has a mask of the same shape") {
  clip::Texts rows = clip::Texts::whole(7);
  rows.add(Row{1, 2});
  rows.add(Row{3});
  CHECK(rows.padded() == Row{1, 2, 3, 7});
  CHECK(rows.mask() == Row{1, 1, 1, 0});
  CHECK(rows.padded(3) == Row{1, 2, 7, 3, 7, 7});
  CHECK(rows.mask(3) == Row{1, 1, 0, 1, 0, 0});
  CHECK_THROWS_WITH_AS((void)rows.padded(1), "text 0: ids: expected at most 1, found 2", clip::ShapeError);
  CHECK(clip::Texts{}.padded().empty());
}

TEST_CASE("a batch carries its vocabulary, and takes no row of another one") {
  const auto batch = [](Index size, const char* checksum = "") {
    Texts texts{9};
    if (size > 0)
      texts.set_vocabulary(
          std::make_shared<const clip::VocabularyIdentity>(clip::VocabularyIdentity{"v", size, 9, checksum, {}}));
    texts.add(Row{1, 9});
    return texts;
  };
  Texts all;
  all.append(batch(10, "ab"), 0);
  REQUIRE(all.vocabulary() != nullptr);
  CHECK(all.vocabulary()->size == 10);
  all.append(batch(10, "ab"), 0);
  all.append(batch(10), 0);
  all.append(batch(0), 0);
  CHECK(all.size() == 4);
  CHECK_THROWS_WITH_AS(all.append(batch(12), 0),
                       "texts: vocabulary of the row to append: expected v of 10 ids, found v of 12 ids",
                       clip::InputError);
  CHECK_THROWS_AS(all.append(batch(10, "cd"), 0), clip::InputError);
  CHECK(all.size() == 4);
}
