#include <clip/backend/cpu.hpp>

#include "golden.hpp"

using namespace clip;
using namespace clip::testing;

TEST_CASE_TEMPLATE("reference numbers: sizes known only at run time agree on Cpu, both configurations with one type", T,
                   float, double) {
  AnyModel<Cpu<T>> a{TinyA}, b{TinyB};
  check_ladder(a, Golden{"tiny_a"});
  check_ladder(b, Golden{"tiny_b"});
}
