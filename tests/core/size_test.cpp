// Extents are checked where they are constructed, mostly by the compiler.
#include <clip/config/block.hpp>
#include <clip/core/size.hpp>

#include <doctest/doctest.h>

#include <string>
#include <type_traits>

using namespace clip;

namespace {

constexpr BlockConfig Fixed{.width = 8, .heads = 2, .hidden = 32, .activation = Activation::gelu, .epsilon = 1e-5f};
constexpr BlockConfig Open{.width = dyn, .heads = 2, .hidden = dyn, .activation = Activation::gelu, .epsilon = 1e-5f};

constexpr Index four_times(Index n) {
  return sized([](Index x) { return 4 * x; }, n);
}

static_assert(std::is_empty_v<Size<768>>);
static_assert(Size<768>{} == 768 && Size<768>{768} == 768 && Size<0>{} == 0);
static_assert(!std::is_empty_v<Size<dyn>> && Size<dyn>{5} == 5 && Size<dyn>{} == 0);

static_assert(four_times(3) == 12 && four_times(dyn) == dyn);
static_assert(sized([](Index a, Index b) { return a * b; }, 3, 4) == 12);
static_assert(sized([](Index a, Index b) { return a * b; }, 3, dyn) == dyn);

static_assert(compatible(4, 4) && compatible(dyn, 4) && compatible(4, dyn) && compatible(dyn, dyn) &&
              !compatible(4, 5));

static_assert(std::is_empty_v<Known<Fixed>> && Known<Fixed> {} -> width == 8);
static_assert(!std::is_empty_v<Known<Open>> && Known<Open> { Fixed } -> width == 8 &&
              (*Known<Open>{Fixed}).hidden == 32);

}  // namespace

TEST_CASE("a number that differs from the extent in the type is a ShapeError") {
  CHECK_THROWS_WITH_AS(Size<768>{640}, "size: extent fixed in the type: expected 768, found 640", ShapeError);
}

TEST_CASE("a negative extent is a ShapeError") {
  CHECK_THROWS_WITH_AS(Size<dyn>{-3}, "size: extent: expected 0 or more, found -3", ShapeError);
}
