// Every primitive of the CUDA backend, whose kernels run on the host, compared with Naive.
#include <clip/backend/naive.hpp>
#include <clip/cuda.hpp>

#include "../support/cuda_controls.hpp"
#include "../support/same.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace clip;
using namespace clip::testing;

namespace {
template <class T>
void compare(const Setting& setting) {
  Naive<T> naive;
  Cuda<T> cuda;
  check_close(run_primitives(cuda, setting), run_primitives(naive, setting), setting);
}
}  // namespace

TEST_CASE_TEMPLATE("Cuda's kernels and Naive agree on every primitive", T, float, double) {
  for (const bool backwards : {false, true})
    for (const bool fresh : {true, false})
      for (const auto& size : {std::array<Index, 3>{1, 1, 1}, {3, 5, 2}, {7, 17, 9}}) {
        const FiberOrder order{backwards};
        compare<T>({size[0], size[1], size[2], fresh, backwards == fresh, size[0] != 3});
      }
}

TEST_CASE("Cuda's kernels and Naive agree where tiles and chunks end") {
  compare<float>({66, 68, 18, false, true, true});
}
