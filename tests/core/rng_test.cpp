#include <clip/core/rng.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

using namespace clip;

namespace {

using Words = std::array<std::uint32_t, 4>;

std::vector<std::uint32_t> first_bits(Rng rng, int n = 9) {
  std::vector<std::uint32_t> bits;
  for (int i = 0; i < n; ++i) bits.push_back(rng.bits());
  return bits;
}

}  // namespace

TEST_CASE("Philox4x32-10 matches the published test vectors") {
  constexpr std::uint32_t ones = 0xffffffff;
  static_assert(philox4x32({0, 0, 0, 0}, {0, 0}) == Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(philox4x32({ones, ones, ones, ones}, {ones, ones}) == Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("a stream of bits is Philox over its own counter") {
  Rng rng{0x299f31d0a4093822};
  for (std::uint32_t block = 0; block < 3; ++block)
    for (std::uint32_t word : philox4x32({block, 0, 0, 0}, {0xa4093822, 0x299f31d0})) CHECK(rng.bits() == word);
}

TEST_CASE("a named stream depends only on the seed and the name") {
  const Rng rng{7};
  const auto expected = first_bits(rng.fork("visual.conv1"));
  Rng drawn_from = rng;
  for (int i = 0; i < 5; ++i) drawn_from.bits();
  CHECK(first_bits(drawn_from.fork("visual.conv1")) == expected);
  CHECK(first_bits(Rng{8}.fork("visual.conv1")) != expected);
  CHECK(first_bits(rng.fork("visual.conv2")) != expected);
  CHECK(first_bits(rng) != expected);
}

TEST_CASE("streams of different names and numbers differ from each other") {
  const Rng rng{1};
  std::vector<std::vector<std::uint32_t>> streams{first_bits(rng),
                                                  first_bits(rng.fork("")),
                                                  first_bits(rng.fork("a")),
                                                  first_bits(rng.fork("ab")),
                                                  first_bits(rng.fork("a").fork("b")),
                                                  first_bits(rng.fork(std::uint64_t{0})),
                                                  first_bits(rng.fork(std::uint64_t{1}))};
  for (std::size_t i = 0; i < streams.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) CHECK(streams[i] != streams[j]);
}

TEST_CASE("the streams of the numbers 0, 1, 2, … are not shifted copies of each other") {
  const Rng rng{3};
  std::vector<double> first;
  for (std::uint64_t n = 0; n < 4000; ++n) first.push_back(rng.fork(n).uniform());
  double mean = 0, neighbours = 0;
  for (double u : first) mean += u / 4000;
  for (std::size_t i = 1; i < first.size(); ++i) neighbours += (first[i] - 0.5) * (first[i - 1] - 0.5) / 4000;
  CHECK(std::abs(mean - 0.5) < 0.02);
  CHECK(std::abs(neighbours) < 0.006);
}

TEST_CASE("uniform numbers fill [0, 1) evenly") {
  Rng rng = Rng{11}.fork("uniform");
  constexpr int n = 40000;
  double mean = 0, square = 0, low = 1, high = 0;
  for (int i = 0; i < n; ++i) {
    const double u = rng.uniform();
    mean += u / n;
    square += u * u / n;
    low = std::min(low, u);
    high = std::max(high, u);
  }
  CHECK((low >= 0 && low < 1e-3));
  CHECK((high < 1 && high > 1 - 1e-3));
  CHECK(std::abs(mean - 1.0 / 2) < 0.006);  // four standard deviations of the mean
  CHECK(std::abs(square - 1.0 / 3) < 0.006);
}

TEST_CASE("uniform(r) is in [-r, r)") {
  Rng rng{12};
  double low = 0, high = 0;
  for (int i = 0; i < 4000; ++i) {
    const double u = rng.uniform(0.25);
    low = std::min(low, u);
    high = std::max(high, u);
  }
  CHECK((low >= -0.25 && low < -0.24));
  CHECK((high < 0.25 && high > 0.24));
}

TEST_CASE("normal numbers have the moments of the normal distribution") {
  Rng rng = Rng{13}.fork("normal");
  constexpr int n = 40000;
  double m1 = 0, m2 = 0, m3 = 0, m4 = 0;
  for (int i = 0; i < n; ++i) {
    const double x = rng.normal();
    m1 += x / n;
    m2 += x * x / n;
    m3 += x * x * x / n;
    m4 += x * x * x * x / n;
  }
  CHECK(std::abs(m1) < 0.02);  // four standard deviations: √(1, 2, 15, 96) · 4 / 200
  CHECK(std::abs(m2 - 1) < 0.029);
  CHECK(std::abs(m3) < 0.078);
  CHECK(std::abs(m4 - 3) < 0.196);
}

TEST_CASE("below(n) returns each of 0 … n-1 equally often") {
  Rng rng{14};
  std::array<int, 7> seen{};
  for (int i = 0; i < 14000; ++i) ++seen.at(static_cast<std::size_t>(rng.below(7)));
  for (int count : seen) CHECK(std::abs(count - 2000) < 170);
  CHECK(rng.below(1) == 0);
  const std::uint64_t most = std::uint64_t(-1);
  CHECK(rng.below(most) < most);
}
