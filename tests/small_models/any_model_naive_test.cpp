#include <clip/backend/naive.hpp>

#include "golden.hpp"

using namespace clip;
using namespace clip::testing;

TEST_CASE("reference numbers: sizes known only at run time agree on Naive, both configurations with one type") {
  AnyModel<Naive<float>> a{TinyA}, b{TinyB};
  check_ladder(a, Golden{"tiny_a"});
  check_ladder(b, Golden{"tiny_b"});
}
