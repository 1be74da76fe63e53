#include <clip/core/choice.hpp>

#include <doctest/doctest.h>

#include <array>

namespace {

enum class Fruit { apple, pear, plum };
constexpr std::string_view name_of(Fruit fruit) {
  return fruit == Fruit::apple ? "apple" : fruit == Fruit::pear ? "pear" : "plum";
}

TEST_CASE("a name finds its value among the choices and no other") {
  CHECK(clip::try_choice("bowl", "fruit", "pear", std::array{Fruit::apple, Fruit::pear, Fruit::plum}).value() ==
        Fruit::pear);
  CHECK_FALSE(clip::try_choice("bowl", "fruit", "plum", std::array{Fruit::apple, Fruit::pear}));
}

TEST_CASE("an unknown name is an error that lists the valid names") {
  CHECK(clip::try_choice("bowl", "fruit", "nut", std::array{Fruit::apple}).error().message() ==
        "bowl: fruit: expected apple, found nut");
  CHECK(clip::try_choice("bowl", "fruit", "nut", std::array{Fruit::apple, Fruit::pear}).error().message() ==
        "bowl: fruit: expected apple or pear, found nut");
  CHECK(clip::try_choice("bowl", "fruit", "", std::array{Fruit::apple, Fruit::pear, Fruit::plum}).error().message() ==
        "bowl: fruit: expected apple, pear or plum, found ");
}

}  // namespace
