#include <clip/core/view.hpp>

#include <doctest/doctest.h>

#include <array>
#include <type_traits>

using namespace clip;

namespace {

constexpr Shape scalar{}, vector{5}, matrix{2, 3}, convolution{4, 3, 2, 2};

static_assert(scalar.count() == 1 && scalar.rows() == 1 && scalar.cols() == 1);
static_assert(vector.count() == 5 && vector.rows() == 1 && vector.cols() == 5);
static_assert(matrix.count() == 6 && matrix.rows() == 2 && matrix.cols() == 3 && matrix[1] == 3);
static_assert(convolution.count() == 48 && convolution.rows() == 4 && convolution.cols() == 12);
static_assert(Shape{0, 3}.count() == 0 && Shape{0, 3}.cols() == 0);
static_assert(std::is_convertible_v<View<float>, In<float>> && std::is_convertible_v<Acc<double>, In<double>>);
static_assert(!std::is_convertible_v<In<float>, View<float>> && !std::is_convertible_v<View<float>, In<double>>);
static_assert(std::is_trivially_copyable_v<View<float>> && std::is_trivially_copyable_v<In<float>>);
static_assert(Shape{2, 3} == matrix && !(Shape{6} == matrix) && !(Shape{2, 3, 1} == matrix));

}  // namespace

TEST_CASE("a shape is told as its extents") {
  CHECK(scalar.in_words() == "()");
  CHECK(vector.in_words() == "(5)");
  CHECK(convolution.in_words() == "(4, 3, 2, 2)");
}

TEST_CASE("five extents are a ShapeError") {
  CHECK_THROWS_WITH_AS((Shape{1, 2, 3, 4, 5}), "shape: number of extents: expected at most 4, found more", ShapeError);
}

TEST_CASE("parts of a view are the same memory") {
  std::array<float, 20> memory{};
  const View<float> whole{memory.data(), 4, 3, 5};
  const View<float> part = whole.middle_rows(1, 2).middle_cols(1, 2);
  part(1, 0) = 7;
  CHECK(memory[11] == 7);  // row 2, column 1
  CHECK(&part(1, 0) == whole.row(2) + 1);
  CHECK((part.rows == 2 && part.cols == 2 && part.stride == 5));
}

TEST_CASE("a view knows whether its values lie without gaps") {
  std::array<float, 20> memory{};
  CHECK(View<float>{memory.data(), 4, 5}.contiguous());
  CHECK_FALSE(View<float>{memory.data(), 4, 3, 5}.contiguous());
  CHECK(View<float>{memory.data(), 1, 3, 5}.contiguous());
  CHECK_FALSE(static_cast<bool>(View<float>{}));
}

TEST_CASE("a target stores the first sum and adds the next") {
  std::array<float, 2> memory{5, 5};
  const View<float> view{memory.data(), 1, 2};
  Acc<float>{view, true}.add(0, 1, 3);
  CHECK(memory[1] == 3);
  Acc<float>{view, false}.add(0, 1, 3);
  CHECK(memory[1] == 6);
  CHECK(memory[0] == 5);
  CHECK(Acc<float>{view, true}.middle_cols(1, 1).fresh);
  CHECK(Acc<float>{view, true}.middle_rows(0, 1).fresh);
}
