#include <clip/core/result.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <string>

using namespace clip;

namespace {

Result<int> half(int n) {
  if (n % 2 != 0) return InputError{"half", "number", "even", n};
  return n / 2;
}

Result<void> only_even(int n) {
  if (n % 2 != 0) return OptionError{"only_even", "odd"};
  return {};
}

}  // namespace

TEST_CASE("a result with a value gives access to it") {
  const auto result = half(6);
  REQUIRE(result);
  CHECK(result.has_value());
  CHECK(*result == 3);
  CHECK(result.value() == 3);
}

TEST_CASE("a result without a value holds the error, and value() throws it as its own type") {
  const auto result = half(7);
  CHECK_FALSE(result);
  CHECK(result.error().message() == "half: number: expected even, found 7");
  CHECK_THROWS_WITH_AS(result.value(), "half: number: expected even, found 7", InputError);
  CHECK_THROWS_AS(*result, InputError);
}

TEST_CASE("Result<void> is success or an error") {
  CHECK(only_even(2));
  CHECK_NOTHROW(only_even(2).value());
  CHECK_FALSE(only_even(3));
  CHECK_THROWS_WITH_AS(only_even(3).value(), "only_even: odd", OptionError);
}

TEST_CASE("a move-only value can be moved out") {
  Result<std::unique_ptr<std::string>> result{std::make_unique<std::string>("here")};
  CHECK(result->get()->size() == 4);
  const std::unique_ptr<std::string> taken = std::move(result).value();
  CHECK(*taken == "here");
}
