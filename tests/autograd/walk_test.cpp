#include <clip/autograd/walk.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace clip;

namespace {

struct Inner {
  Parameter<float> weight{{2, 3}, Init::ones()};
  Parameter<float> bias{{2}, Init::zeros()};
  static constexpr void members(auto& self, auto&& visit) {
    visit("weight", self.weight);
    visit("bias", self.bias);
  }
};

struct Outer {
  Inner first, second;
  Parameter<float> statistics{{7}, Init::zeros()};
  Parameter<float> scale{{}, Init::ones()};
  constexpr Outer() { statistics.kind = ParameterKind::buffer; }
  static constexpr void members(auto& self, auto&& visit) {
    visit("first", self.first);
    visit("", self.second);
    visit("norm.statistics", self.statistics);
    visit("scale", self.scale);
  }
};

static_assert(count_parameters(Outer{}) == 17);  // 2 · (6 + 2) + 1; a buffer is not trained

struct LongName {
  std::string name;
  Parameter<float> p{{1}, Init::zeros()};
  static void members(auto& self, auto&& visit) { visit(self.name, self.p); }
};

}  // namespace

TEST_CASE("the walk names parameters by their members, in order; an empty name adds nothing") {
  Outer outer;
  std::vector<std::string> names;
  visit_parameters(outer, [&](std::string_view name, auto&) { names.emplace_back(name); });
  CHECK(names == std::vector<std::string>{"first.weight", "first.bias", "weight", "bias", "norm.statistics", "scale"});
}

TEST_CASE("a walk over a constant model gives constant parameters") {
  const Outer outer;
  int count = 0;
  visit_parameters(outer, [&](std::string_view, const Parameter<float>&) { ++count; });
  CHECK(count == 6);
}

TEST_CASE("a name longer than a path holds is an OptionError") {
  LongName fits{std::string(255, 'a')}, does_not{std::string(256, 'a')};
  CHECK_NOTHROW(visit_parameters(fits, [](std::string_view, auto&) {}));
  CHECK_THROWS_WITH_AS(visit_parameters(does_not, [](std::string_view, auto&) {}),
                       "walk: parameter name: expected at most 255 characters, found more", OptionError);
}

TEST_CASE("the flat list holds the parameters of the walk, in its order") {
  Outer outer;
  std::vector<std::string> names;
  std::vector<const Parameter<float>*> parameters;
  visit_parameters(outer, [&](std::string_view name, auto& p) {
    names.emplace_back(name);
    parameters.push_back(&p);
  });
  const auto list = named_parameters<float>(std::as_const(outer));
  REQUIRE(list.size() == names.size());
  for (std::size_t i = 0; i < list.size(); ++i) {
    CHECK(list[i].name == names[i]);
    CHECK(list[i].parameter == parameters[i]);
  }
}
