// Every primitive of Cpu against Naive.
#include <clip/backend/cpu.hpp>
#include <clip/backend/naive.hpp>

#include "../support/same.hpp"

#include <doctest/doctest.h>

#include <array>

namespace {

using namespace clip;
using namespace clip::testing;

template <class T>
void compare(const Setting& setting) {
  Naive<T> naive;
  Cpu<T> cpu{{.threads = 2}};
  check_close(run_primitives(cpu, setting), run_primitives(naive, setting), setting);
}

}  // namespace

TEST_CASE_TEMPLATE("Cpu and Naive agree on every primitive", T, float, double) {
  for (const bool fresh : {true, false})
    for (const bool gap : {false, true})
      for (const bool optional : {true, false})
        for (const auto& size : {std::array<Index, 3>{1, 1, 1}, {3, 5, 2}, {7, 17, 9}, {13, 33, 31}, {25, 64, 16}})
          compare<T>({size[0], size[1], size[2], fresh, gap, optional});
}

TEST_CASE_TEMPLATE("Cpu and Naive agree where loops are cut and shared among threads", T, float, double) {
  compare<T>({200, 147, 64, true, false, true});
  compare<T>({301, 130, 65, false, true, true});
  compare<T>({150, 300, 40, false, false, false});
  compare<T>({30, 40, 1500, true, false, true});
}
