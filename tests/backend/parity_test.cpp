// Every primitive of Cpu against Naive.
#include <clip/backend/cpu.hpp>
#include <clip/backend/naive.hpp>

#include "../support/primitives.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

namespace {

using namespace clip;
using namespace clip::testing;

/// max|Δ| over the largest magnitude (1 at least); infinite where one side holds no number and the other does.
template <class T>
double distance(const std::vector<T>& a, const std::vector<T>& b) {
  double largest = 1, difference = a.size() == b.size() ? 0 : INFINITY;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    if (a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i]))) continue;
    const double d = std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
    difference = std::max(difference, std::isnan(d) ? INFINITY : d);
    largest = std::max(largest, std::abs(static_cast<double>(b[i])));
  }
  return difference / largest;
}

template <class T>
void compare(const Setting& setting) {
  Naive<T> naive;
  Cpu<T> cpu{{.threads = 2}};
  const auto expected = run_primitives(naive, setting), found = run_primitives(cpu, setting);
  for (std::size_t c = 0; c < expected.size(); ++c)
    for (std::size_t o = 0; o < expected[c].second.size(); ++o) {
      const double d = distance(found[c].second[o], expected[c].second[o]);
      INFO(expected[c].first, ", matrix ", o, ", ", setting.in_words(), ", distance ", d);
      CHECK(d <= ScalarTraits<T>::backend_tolerance);
    }
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
