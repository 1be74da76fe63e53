// Every op on the kernels of the CUDA backend, which run on the host, compared with Naive.
#include <clip/backend/naive.hpp>
#include <clip/core/scalar.hpp>
#include <clip/cuda.hpp>

#include "../ops/op_list.hpp"
#include "../support/cuda_controls.hpp"

#include <doctest/doctest.h>

using namespace clip;
using namespace clip::testing;

TEST_CASE_TEMPLATE("Cuda's kernels and Naive agree on results and gradients of every op, fibers in both orders", T,
                   float, double) {
  const Cuda<T> backend;
  const OpList<Naive<T>> naive;
  const OpList<Cuda<T>> cuda{backend};
  for (const bool backwards : {false, true})
    for (const bool fresh : {true, false}) {
      const FiberOrder order{backwards};
      for (std::size_t c = 0; c < naive.cases.size(); ++c) {
        const auto expected = everything(Naive<T>{}, naive.cases[c], fresh),
                   found = everything(backend, cuda.cases[c], fresh);
        REQUIRE(found.size() == expected.size());
        for (std::size_t i = 0; i < found.size(); ++i) {
          INFO(naive.cases[c].name, i == 0 ? ", result" : ", gradient ", i, fresh ? ", fresh" : "",
               backwards ? ", backwards" : "");
          CHECK(max_difference(found[i], expected[i]) <=
                ScalarTraits<T>::backend_tolerance * std::max(1.0, max_magnitude(expected[i])));
        }
      }
    }
}
