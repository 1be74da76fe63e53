#include <clip/tensor/parameter.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cmath>

using namespace clip;

static_assert(Parameter<float>{{4, 3}, Init::zeros()}.count() == 12);
static_assert(Parameter<float>{{}, Init::ones()}.count() == 1);
static_assert(fan_in(4).rule == Init::Rule::uniform && fan_in(4).scale == 0.5);

TEST_CASE("inverse_root agrees with the standard library") {
  for (Index n : {1, 2, 3, 10, 512, 768, 1024, 3072})
    CHECK(inverse_root(n) == doctest::Approx(1 / std::sqrt(static_cast<double>(n))).epsilon(1e-15));
}

TEST_CASE("a slice of a matrix is rows, a slice of a vector is columns") {
  std::array<float, 12> memory{};
  Parameter<float> matrix{{4, 3}, Init::zeros()}, vector{{12}, Init::zeros()};
  matrix.data = vector.data = memory.data();
  const auto rows = slice(matrix, 1, 2).weights();
  CHECK((rows.data == &memory[3] && rows.rows == 2 && rows.cols == 3));
  const auto columns = slice(vector, 5, 4).weights();
  CHECK((columns.data == &memory[5] && columns.rows == 1 && columns.cols == 4));
}

TEST_CASE("a slice of packed panels keeps the whole block and the index of its first row") {
  std::array<float, 12> memory{};
  Parameter<float> matrix{{4, 3}, Init::zeros()};
  matrix.data = memory.data();
  matrix.layout = Layout{1};
  const auto part = slice(matrix, 1, 2).weights();
  CHECK((part.data == memory.data() && part.rows == 4 && part.first == 1 && part.layout == Layout{1}));
}
