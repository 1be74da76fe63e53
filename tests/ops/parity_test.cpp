// Every op on Cpu compared with Naive: results and gradients.
#include <clip/backend/cpu.hpp>
#include <clip/backend/naive.hpp>
#include <clip/core/scalar.hpp>

#include "op_list.hpp"

#include <doctest/doctest.h>

using namespace clip;
using namespace clip::testing;

TEST_CASE_TEMPLATE("Cpu and Naive agree on results and gradients of every op", T, float, double) {
  const OpList<Naive<T>> naive;
  const OpList<Cpu<T>> cpu;
  const Cpu<T> two_threads{{.threads = 2}};
  for (const bool fresh : {true, false})
    for (std::size_t c = 0; c < naive.cases.size(); ++c) {
      const auto expected = everything(Naive<T>{}, naive.cases[c], fresh),
                 found = everything(two_threads, cpu.cases[c], fresh);
      REQUIRE(found.size() == expected.size());
      for (std::size_t i = 0; i < found.size(); ++i) {
        INFO(naive.cases[c].name, i == 0 ? ", result" : ", gradient ", i, fresh ? ", fresh" : "");
        CHECK(max_difference(found[i], expected[i]) <=
              ScalarTraits<T>::backend_tolerance * std::max(1.0, max_magnitude(expected[i])));
      }
    }
}
