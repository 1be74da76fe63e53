#include <clip/config/activation.hpp>

#include <doctest/doctest.h>

#include <string>
#include <type_traits>

using namespace clip;

static_assert(name_of(Activation::quick_gelu) == "quick_gelu" && name_of(Activation::gelu) == "gelu" &&
              name_of(Activation::gelu_tanh) == "gelu_tanh");

TEST_CASE("an activation is found by its own name") {
  for (Activation a : {Activation::quick_gelu, Activation::gelu, Activation::gelu_tanh})
    CHECK(try_activation(name_of(a)).value() == a);
}

TEST_CASE("visit_activation passes the functor of the activation") {
  CHECK(visit_activation(Activation::quick_gelu, [](auto f) { return std::is_same_v<decltype(f), fn::QuickGelu>; }));
  CHECK(visit_activation(Activation::gelu, [](auto f) { return std::is_same_v<decltype(f), fn::Gelu>; }));
  CHECK(visit_activation(Activation::gelu_tanh, [](auto f) { return std::is_same_v<decltype(f), fn::GeluTanh>; }));
}

TEST_CASE("an unknown activation is an OptionError that lists the known ones") {
  CHECK_THROWS_WITH_AS(try_activation("relu").value(),
                       "config: activation: expected quick_gelu, gelu or gelu_tanh, found relu", OptionError);
  CHECK_FALSE(try_activation(""));
}
