#include <clip/io/file_budget.hpp>
#include <clip/io/inflate.hpp>
#include <clip/io/json.hpp>

#include <doctest/doctest.h>

#include <limits>
#include <string>

using namespace clip;

namespace {
/// Sets a budget for the time of a test.
struct Budget {
  explicit Budget(const FileBudget& budget) { set_file_budget(budget); }
  ~Budget() { set_file_budget({}); }
};
}  // namespace

TEST_CASE("a budget grows with the file between its bounds, and does not overflow") {
  constexpr FileBudget budget{.factor = 16, .least = 1000, .most = 100'000};
  static_assert(budget.of(0) == 1000 && budget.of(62) == 1000 && budget.of(100) == 1600);
  static_assert(budget.of(10'000) == 100'000 && budget.of(std::numeric_limits<std::size_t>::max()) == 100'000);
  static_assert(FileBudget{.factor = 0}.of(5) == FileBudget{}.least);
}

TEST_CASE("the process has one budget, which can be set") {
  CHECK(file_budget() == FileBudget{});
  const Budget small{{.factor = 2, .least = 10, .most = 20}};
  CHECK(file_budget() == FileBudget{.factor = 2, .least = 10, .most = 20});
}

TEST_CASE("JSON of many tiny values is an error as soon as they exceed the budget") {
  std::string text = "[[]";
  for (int i = 0; i < 10'000; ++i) text += ",[]";
  text += ']';
  CHECK(try_parse_json(text, "x.json"));
  const Budget small{{.factor = 8, .least = 1000}};
  const auto result = try_parse_json(text, "x.json");
  REQUIRE(!result);
  CHECK(result.error().id() == "clip.load.budget");
  CHECK(result.error().message() == "x.json: its JSON takes more than " + std::to_string(8 * text.size()) +
                                        " bytes, the budget of a file of this size (set_file_budget)");
  CHECK(try_parse_json("[" + std::string(10'000, ' ') + "1]", "x.json"));
  CHECK(try_parse_json("\"" + std::string(10'000, 'a') + "\"", "x.json"));
}

TEST_CASE("by default, JSON of 20 MB that is nothing but empty arrays is an error") {
  std::string text = "[[]";
  text.reserve(20'000'010);
  while (text.size() < 20'000'000) text += ",[]";
  text += ']';
  CHECK(try_parse_json(text, "x.json").error().id() == "clip.load.budget");
}
