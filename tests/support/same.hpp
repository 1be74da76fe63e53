// tests/support/same.hpp: comparison of two runs of all primitives.
#pragma once

#include <clip/core/scalar.hpp>

#include "primitives.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace clip::testing {

template <class T>
using Results = std::vector<std::pair<std::string, std::vector<std::vector<T>>>>;

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

/// Every matrix of every primitive within the backends' tolerance.
template <class T>
void check_close(const Results<T>& found, const Results<T>& expected, const Setting& setting) {
  REQUIRE(found.size() == expected.size());
  for (std::size_t c = 0; c < expected.size(); ++c)
    for (std::size_t o = 0; o < expected[c].second.size(); ++o) {
      const double d = distance(found[c].second[o], expected[c].second[o]);
      INFO(expected[c].first, ", matrix ", o, ", ", setting.in_words(), ", distance ", d);
      CHECK(d <= ScalarTraits<T>::backend_tolerance);
    }
}

/// The same bytes.
template <class T>
void check_equal(const Results<T>& a, const Results<T>& b) {
  REQUIRE(a.size() == b.size());
  for (std::size_t c = 0; c < a.size(); ++c)
    for (std::size_t o = 0; o < a[c].second.size(); ++o) {
      INFO(a[c].first, ", matrix ", o);
      const auto bytes = [](const std::vector<T>& values) {
        return std::as_bytes(std::span<const T>(values));
      };  // of nothing, too
      CHECK(std::ranges::equal(bytes(a[c].second[o]), bytes(b[c].second[o])));
    }
}

/// All primitives by three host threads at once, each with a copy of the handle.
template <Backend B>
std::vector<Results<typename B::Scalar>> run_by_three_callers(const B& backend, const Setting& setting) {
  std::vector<Results<typename B::Scalar>> results(3);
  std::vector<std::thread> callers;
  for (auto& result : results)
    callers.emplace_back([&] {
      B copy = backend;
      result = run_primitives(copy, setting);
    });
  for (std::thread& caller : callers) caller.join();
  return results;
}

}  // namespace clip::testing
