#include <clip/image/resize/weights.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <utility>
#include <vector>

using namespace clip;
using detail::ResizeWeights;

namespace {
constexpr std::int32_t one = 1 << detail::weight_bits;

ResizeWeights weights(Interpolation interpolation, Index in, Index out) {
  ResizeWeights w;
  w.compute(interpolation, in, out, 0, out);
  return w;
}
std::vector<std::int32_t> taps(const ResizeWeights& w, Index i) { return {w.weights(i), w.weights(i) + w.taps(i)}; }
}  // namespace

TEST_CASE("resize weights of every output sum to one up to rounding, and stay inside the axis") {
  for (Interpolation interpolation : {Interpolation::bicubic, Interpolation::bilinear})
    for (Index in : {1, 2, 3, 7, 64, 427, 1000})
      for (Index out : {1, 2, 5, 63, 64, 224, 999}) {
        CAPTURE(in);
        CAPTURE(out);
        const ResizeWeights w = weights(interpolation, in, out);
        REQUIRE(w.count() == out);
        CHECK(w.first_input() == 0);
        CHECK(w.end_input() == in);
        for (Index i = 0; i < out; ++i) {
          CHECK(w.begin(i) >= (i == 0 ? 0 : w.begin(i - 1)));
          CHECK(w.begin(i) + w.taps(i) <= in);
          long sum = 0;
          for (std::int32_t k : taps(w, i)) {
            sum += k;
            if (interpolation == Interpolation::bilinear) CHECK(k >= 0);
          }
          CHECK(std::abs(sum - one) <= w.taps(i));
        }
      }
}

TEST_CASE("resize weights match values computed by hand") {
  // A triangle stretched by two, at distances 1/2, 1/2 and 3/2: 3/4, 3/4, 1/4. The fourth pixel would be outside.
  const ResizeWeights half = weights(Interpolation::bilinear, 4, 2);
  CHECK(taps(half, 0) == std::vector<std::int32_t>{1797559, 1797559, 599186});  // 3/7, 3/7, 1/7
  // Keys' cubic (a = -1/2) at distances 5/4, 1/4, 3/4 and 7/4.
  const ResizeWeights twice = weights(Interpolation::bicubic, 8, 16);
  CHECK(taps(twice, 7) == std::vector<std::int32_t>{-294912, 3637248, 950272, -98304});
}

TEST_CASE("resize weights for equal sizes are the identity") {
  for (Interpolation interpolation : {Interpolation::bicubic, Interpolation::bilinear}) {
    const ResizeWeights w = weights(interpolation, 9, 9);
    for (Index i = 0; i < 9; ++i)
      for (Index j = 0; j < w.taps(i); ++j) CHECK(w.weights(i)[j] == (w.begin(i) + j == i ? one : 0));
  }
}

TEST_CASE("resize weights of some outputs equal those of all, regardless of earlier requests") {
  const ResizeWeights all = weights(Interpolation::bicubic, 101, 37);
  ResizeWeights some;
  for (const auto& [first, count] : {std::pair<Index, Index>{0, 37}, {5, 9}, {36, 1}, {36, 1}, {0, 2}}) {
    some.compute(Interpolation::bicubic, 101, 37, first, count);
    REQUIRE(some.count() == count);
    for (Index i = 0; i < count; ++i) {
      CHECK(some.begin(i) == all.begin(first + i));
      CHECK(taps(some, i) == taps(all, first + i));
    }
  }
  some.compute(Interpolation::bilinear, 101, 37, 0, 2);
  CHECK(taps(some, 1) != taps(all, 1));
}

TEST_CASE("torchvision's weights are Pillow's, rounded to as many bits as the largest of the axis leaves") {
  CHECK(detail::short_weight_bits(1) == 14);  // 2^15 would not fit
  CHECK(detail::short_weight_bits(0.99999) == 14);
  CHECK(detail::short_weight_bits(0.9999) == 15);
  CHECK(detail::short_weight_bits(0.25) == 16);
  CHECK(detail::short_weight_bits(1e-9) == detail::weight_bits);
  for (Interpolation interpolation : {Interpolation::bicubic, Interpolation::bilinear})
    for (const auto& [in, out] : {std::pair<Index, Index>{640, 298}, {50, 77}, {3, 1000}, {900, 2}}) {
      const ResizeWeights pillow = weights(interpolation, in, out);
      ResizeWeights w;
      w.compute(interpolation, in, out, 0, out, Resampling::torchvision);
      double largest = 0;
      for (Index i = 0; i < out; ++i)
        largest = std::max(largest, *std::max_element(w.exact(i), w.exact(i) + w.taps(i)));
      const std::int32_t unit = 1 << (detail::weight_bits - detail::short_weight_bits(largest));
      for (Index i = 0; i < out; ++i) {
        REQUIRE(w.taps(i) == pillow.taps(i));
        for (Index j = 0; j < w.taps(i); ++j) {
          CHECK(w.weights(i)[j] % unit == 0);
          CHECK(w.weights(i)[j] / unit < 1 << 15);
          CHECK(2 * std::abs(w.weights(i)[j] - pillow.weights(i)[j]) <= unit + 1);
        }
      }
    }
}

TEST_CASE("torchvision's weights of some outputs equal those of all: the precision is that of the whole axis") {
  ResizeWeights all, some;
  all.compute(Interpolation::bicubic, 100, 37, 0, 37, Resampling::torchvision);
  for (const auto& [first, count] : {std::pair<Index, Index>{0, 37}, {5, 9}, {36, 1}}) {
    some.compute(Interpolation::bicubic, 100, 37, first, count, Resampling::torchvision);
    REQUIRE(some.count() == count);
    for (Index i = 0; i < count; ++i) CHECK(taps(some, i) == taps(all, first + i));
  }
  some.compute(Interpolation::bicubic, 100, 37, 36, 1);  // another resampling is another request
  CHECK(taps(some, 0) != taps(all, 36));
}
