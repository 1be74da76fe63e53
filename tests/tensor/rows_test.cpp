#include <clip/tensor/rows.hpp>

#include <doctest/doctest.h>

#include <array>
#include <type_traits>

using namespace clip;

namespace {

struct Context {
  using Scalar = float;
};
struct Other {
  using Scalar = float;
};

static_assert(std::is_convertible_v<Rows<Context, 8>, Rows<Context, dyn>> &&
              std::is_convertible_v<Rows<Context, dyn>, Rows<Context, 8>>);
static_assert(!std::is_convertible_v<Rows<Context, 8>, Rows<Context, 9>>);
static_assert(!std::is_convertible_v<Rows<Context, 8>, Rows<Other, 8>>);

}  // namespace

TEST_CASE("rows with a run-time width convert to the same compile-time width, and to no other") {
  std::array<float, 16> memory{};
  const Rows<Context, dyn> open{View<float>{memory.data(), 2, 8}, 3};
  const Rows<Context, 8> fixed = open;
  CHECK((fixed.rows() == 2 && fixed.cols() == 8 && fixed.node == 3 && fixed.view.data == memory.data()));
  CHECK_THROWS_WITH_AS((Rows<Context, 4>{open}), "size: extent fixed in the type: expected 4, found 8", ShapeError);
}
