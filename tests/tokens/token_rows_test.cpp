#include <clip/tokens/token_rows.hpp>

#include <doctest/doctest.h>

#include <vector>

using clip::TokenRows;
using Row = std::vector<std::int32_t>;

TEST_CASE("rows are kept whole, whatever they hold") {
  TokenRows rows{7};
  rows.add(Row{1, 2, 1, 2});
  rows.add(Row{}, true);
  rows.add(Row{3});
  CHECK(rows.size() == 3);
  CHECK(rows.tokens() == 5);
  CHECK(Row(rows[0].begin(), rows[0].end()) == Row{1, 2, 1, 2});
  CHECK(rows[1].empty());
  CHECK(rows.length(2) == 1);
  CHECK(rows.longest() == 4);
  CHECK(rows.cut() == 1);
  CHECK((rows.was_cut(1) && !rows.was_cut(2)));
}

TEST_CASE("a padded matrix has a mask of the same shape") {
  TokenRows rows{7};
  rows.add(Row{1, 2});
  rows.add(Row{3});
  CHECK(rows.padded() == Row{1, 2, 3, 7});
  CHECK(rows.mask() == Row{1, 1, 1, 0});
  CHECK(rows.padded(3) == Row{1, 2, 7, 3, 7, 7});
  CHECK(rows.mask(3) == Row{1, 1, 0, 1, 0, 0});
  CHECK_THROWS_WITH_AS((void)rows.padded(1), "token rows: columns: expected at least 2, found 1", clip::ShapeError);
  CHECK(TokenRows{}.padded().empty());
}
