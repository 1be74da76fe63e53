#include <clip/core/sequences.hpp>

#include <doctest/doctest.h>

#include <array>
#include <vector>

using namespace clip;

namespace {

/// 0: rows 0-2 ─┬─ 1: rows 3-4 ─── 2: row 5
///              └─ 3: rows 6-9
/// 4: row 10
Sequences tree() {
  Sequences s;
  s.add(3);
  s.add(2, 0);
  s.add(1, 1);
  s.add(4, 0);
  s.add(1);
  return s;
}

std::vector<Index> path_to(const Sequences& sequences, Index s) {
  std::vector<Index> begins;
  sequences.path(s, [&](const Segment& segment) { begins.push_back(segment.begin); });
  return begins;
}

}  // namespace

TEST_CASE("rows of segments follow each other; positions continue the parent's sequence") {
  const Sequences s = tree();
  CHECK(s.count() == 5);
  CHECK(s.rows() == 11);
  CHECK(std::vector<std::int32_t>(s.positions().begin(), s.positions().end()) ==
        std::vector<std::int32_t>{0, 1, 2, 3, 4, 5, 3, 4, 5, 6, 0});
  CHECK((s.segment(3).begin == 6 && s.segment(3).end == 10 && s.segment(3).position == 3 && s.segment(3).reach() == 7));
  CHECK(s.longest() == 7);
  CHECK(s.shared());
}

TEST_CASE("the path to a segment is its ancestors from the beginning, then the segment itself") {
  const Sequences s = tree();
  CHECK(path_to(s, 2) == std::vector<Index>{0, 3, 5});
  CHECK(path_to(s, 3) == std::vector<Index>{0, 6});
  CHECK(path_to(s, 4) == std::vector<Index>{10});
}

TEST_CASE("the descendants of a segment follow it without a gap") {
  const Sequences s = tree();
  CHECK(s.below_end(0) == 4);
  CHECK(s.below_end(1) == 3);
  CHECK(s.below_end(2) == 3);
  CHECK(s.below_end(3) == 4);
  CHECK(s.below_end(4) == 5);
}

TEST_CASE("the parent of a new segment is the last segment or one of its ancestors") {
  Sequences s = tree();
  const char* sentence = "sequences: parent: expected the last segment or one above it, found ";
  CHECK_THROWS_WITH_AS(s.add(1, 5), (std::string(sentence) + "5").c_str(), ShapeError);
  CHECK_THROWS_WITH_AS(s.add(1, 3), (std::string(sentence) + "3").c_str(), ShapeError);  // segment 4 is in between
  CHECK_THROWS_WITH_AS(s.add(0), "sequences: segment length: expected 1 or more, found 0", ShapeError);
  CHECK(s.count() == 5);  // the refused segment was not added
  CHECK(s.add(1, 4) == 5);
}

TEST_CASE("pooled rows are listed per segment") {
  Sequences s;
  s.add(3);
  s.pool(0);
  s.pool(2);
  s.add(2, 0);
  s.add(2, 1);
  s.pool(6);
  CHECK(std::vector<std::int32_t>(s.pooled().begin(), s.pooled().end()) == std::vector<std::int32_t>{0, 2, 6});
  CHECK(s.pooled_begin(0) == 0);
  CHECK(s.pooled_begin(1) == 2);
  CHECK(s.pooled_begin(2) == 2);
  CHECK(s.pooled_begin(3) == 3);
}

TEST_CASE("a pooled row is a later row of the last segment") {
  Sequences s;
  CHECK_THROWS_AS(s.pool(0), ShapeError);
  s.add(2);
  s.add(2);
  CHECK_THROWS_WITH_AS(s.pool(1), "sequences: pooled row: expected a later row of the last segment, found 1",
                       ShapeError);
  CHECK_THROWS_AS(s.pool(4), ShapeError);
  s.pool(3);
  CHECK_THROWS_AS(s.pool(3), ShapeError);
  CHECK_THROWS_AS(s.pool(2), ShapeError);
}

TEST_CASE("a batch of images is uniform sequences with one pooled row each") {
  Sequences s = tree();
  s.assign_uniform(3, 5);
  CHECK((s.count() == 3 && s.rows() == 15 && s.longest() == 5));
  CHECK_FALSE(s.shared());
  CHECK(s.uniform());
  CHECK(std::vector<std::int32_t>(s.pooled().begin(), s.pooled().end()) == std::vector<std::int32_t>{0, 5, 10});
}

TEST_CASE("sequences of different lengths, with shared rows, or with zero or two pooled rows are not uniform") {
  struct Of {
    Index length, parent, pooled;
  };
  const auto uniform = [](Of first, Of second) {
    Sequences s;
    for (const Of& of : {first, second}) {
      s.add(of.length, of.parent);
      for (Index i = of.pooled; i > 0; --i) s.pool(s.rows() - i);
    }
    return s.uniform();
  };
  CHECK(uniform(Of{3, -1, 1}, Of{3, -1, 1}));
  CHECK_FALSE(uniform(Of{3, -1, 1}, Of{2, -1, 1}));
  CHECK_FALSE(uniform(Of{3, -1, 1}, Of{3, 0, 1}));
  CHECK_FALSE(uniform(Of{3, -1, 1}, Of{3, -1, 0}));
  CHECK_FALSE(uniform(Of{3, -1, 2}, Of{3, -1, 0}));
}

TEST_CASE("clear removes everything") {
  Sequences s = tree();
  s.pool(10);
  s.clear();
  CHECK((s.count() == 0 && s.rows() == 0 && s.longest() == 0 && !s.shared() && s.pooled().empty() &&
         s.positions().empty()));
  CHECK(s.pooled_begin(0) == 0);
  CHECK(s.add(2) == 0);
}

TEST_CASE("equal stamps mean equal sequences") {
  Sequences s = tree();
  const auto first = s.stamp();
  const Sequences copy = s;
  CHECK(copy.stamp() == first);
  s.pool(10);
  CHECK(s.stamp() != first);
  const auto pooled = s.stamp();
  s.add(1);
  CHECK((s.stamp() != pooled && s.stamp() != first));
  CHECK(copy.stamp() == first);
  CHECK(tree().stamp() != first);
  s.clear();
  CHECK(s.stamp() == Sequences{}.stamp());
}

TEST_CASE("the stamp of a uniform batch stays while its sizes do") {
  Sequences s;
  s.assign_uniform(3, 4, 1);
  const auto first = s.stamp();
  s.assign_uniform(3, 4, 1);
  CHECK(s.stamp() == first);
  CHECK((s.rows() == 12 && s.pooled().size() == 3 && s.pooled()[2] == 9));
  for (const auto& [n, length, pooled] : {std::array<Index, 3>{3, 4, 2}, {3, 5, 1}, {2, 4, 1}, {0, 0, 0}, {3, 4, 1}}) {
    const auto before = s.stamp();
    s.assign_uniform(n, length, pooled);
    CHECK(s.stamp() != before);
    CHECK((s.count() == n && s.rows() == n * length));
  }
  CHECK(s.stamp() != first);  // the batch was another in between
  s.add(4);                   // and a changed one is made anew
  s.assign_uniform(3, 4, 1);
  CHECK(s.count() == 3);
}
