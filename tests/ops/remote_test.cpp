// Every op on memory that the host cannot access between primitives: nothing but primitives may follow a pointer.
#include <clip/backend/naive.hpp>

#include "../support/remote.hpp"
#include "op_list.hpp"

#include <doctest/doctest.h>

using namespace clip;
using namespace clip::testing;

TEST_CASE("every op gives the same bits in memory that only primitives can access") {
  const OpList<Naive<double>> naive;
  const Remote<double> far;
  const OpList<Remote<double>> remote{far};
  for (const bool fresh : {true, false})
    for (std::size_t c = 0; c < naive.cases.size(); ++c) {
      INFO(naive.cases[c].name, fresh ? ", fresh" : "");
      CHECK(everything(far, remote.cases[c], fresh) == everything(Naive<double>{}, naive.cases[c], fresh));
    }
}
