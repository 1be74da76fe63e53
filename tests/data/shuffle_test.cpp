#include <clip/data/shuffle.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <vector>

using namespace clip;

namespace {
std::vector<Index> step(ShuffledBatches& batches, Index number) {
  const auto items = batches(number);
  return {items.begin(), items.end()};
}
std::vector<Index> epoch(ShuffledBatches& batches, Index number) {
  std::vector<Index> all;
  for (Index s = 0; s < batches.per_epoch(); ++s) {
    const auto items = step(batches, number * batches.per_epoch() + s);
    all.insert(all.end(), items.begin(), items.end());
  }
  return all;
}
}  // namespace

TEST_CASE("shuffle: every epoch contains every item once, in a new order") {
  ShuffledBatches batches{60, 12, Rng{1}};
  CHECK(batches.per_epoch() == 5);
  CHECK(batches.batch() == 12);
  std::set<std::vector<Index>> orders;
  for (Index e = 0; e < 8; ++e) {
    std::vector<Index> all = epoch(batches, e);
    orders.insert(all);
    std::sort(all.begin(), all.end());
    for (Index i = 0; i < 60; ++i) CHECK(all[static_cast<std::size_t>(i)] == i);
  }
  CHECK(orders.size() == 8);
}

TEST_CASE("shuffle: items that do not fill a batch are skipped, different ones in each epoch") {
  ShuffledBatches batches{23, 10, Rng{2}};
  CHECK(batches.per_epoch() == 2);
  std::set<Index> seen;
  for (Index e = 0; e < 20; ++e) {
    const std::vector<Index> all = epoch(batches, e);
    CHECK(all.size() == 20);
    CHECK(std::set<Index>(all.begin(), all.end()).size() == 20);
    seen.insert(all.begin(), all.end());
  }
  CHECK(seen.size() == 23);
}

TEST_CASE("shuffle: equal seeds give equal orders, different seeds different ones") {
  ShuffledBatches a{100, 10, Rng{5}}, b{100, 10, Rng{5}}, c{100, 10, Rng{6}};
  for (Index s = 0; s < 30; ++s) {
    const auto items = step(a, s);
    CHECK(items == step(b, s));
    CHECK(items != step(c, s));
  }
}

TEST_CASE("shuffle: steps can be computed in any order") {
  ShuffledBatches in_order{41, 8, Rng{9}}, jumping{41, 8, Rng{9}};
  std::vector<std::vector<Index>> expected;
  for (Index s = 0; s < 25; ++s) expected.push_back(step(in_order, s));
  for (const Index s : {24, 0, 7, 6, 24, 5, 12, 11, 1})
    CHECK(step(jumping, s) == expected[static_cast<std::size_t>(s)]);
}

TEST_CASE("shuffle: every item is first equally often") {
  ShuffledBatches batches{5, 5, Rng{11}};
  std::vector<int> first(5, 0);
  for (Index e = 0; e < 2000; ++e) ++first[static_cast<std::size_t>(batches(e)[0])];
  for (const int n : first) CHECK(std::abs(n - 400) < 90);  // five standard deviations; the seed is fixed
}

TEST_CASE("shuffle: one batch of all items, and batches of one item") {
  ShuffledBatches all{7, 7, Rng{1}}, single{3, 1, Rng{1}};
  CHECK(all.per_epoch() == 1);
  CHECK(single.per_epoch() == 3);
  CHECK(all(3).size() == 7);
  CHECK(single(100).size() == 1);
}

TEST_CASE("shuffle: too few items and a batch size of 0 are errors") {
  CHECK_THROWS_WITH_AS((ShuffledBatches{10, 0, Rng{1}}), "batches: batch size: expected 1 or more, found 0",
                       OptionError);
  CHECK_THROWS_AS((ShuffledBatches{10, -4, Rng{1}}), OptionError);
  CHECK_THROWS_WITH_AS((ShuffledBatches{10, 11, Rng{1}}), "batches: items for one batch: expected 11, found 10",
                       InputError);
  CHECK_THROWS_AS((ShuffledBatches{0, 1, Rng{1}}), InputError);
}
