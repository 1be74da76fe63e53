#include <clip/backend/naive.hpp>

#include "siglip.hpp"

using namespace clip;
using namespace clip::testing;

namespace {
template <class T>
using OnNaive = Naive<T>;
}  // namespace

TEST_CASE("reference numbers: a SigLIP and a SigLIP 2 on Naive agree in features, logits and gradients") {
  check_siglip<float, OnNaive>();
}
