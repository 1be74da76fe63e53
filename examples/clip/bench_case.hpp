// A line of `clip bench`: what is timed, how often, and the memory it takes meanwhile.
#pragma once

#include "commands.hpp"

#include <clip/core/size.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace tool {

struct BenchCase {
  std::string name{};
  std::optional<Dtype> dtype{};
  clip::Index batch = 1;
  int threads = 1;
  double amount = 1;  // what one call gets done, in units
  std::string unit{};
  double flops = 0;                 // nominal, of one call; 0: none are counted
  std::function<void()> work{};     // what is timed
  std::function<void()> before{};   // runs ahead of every call and is not timed
  std::function<void()> warm_up{};  // instead of a first call that is not counted
};

/// Models are made, and inputs read, when a case is about to run: the memory of one is not that of another.
using MakeBenchCase = std::function<BenchCase()>;

/// The cases a command line asks for, in its order. UsageError: a part that needs what was not given.
std::vector<MakeBenchCase> bench_cases(const BenchOptions& options);

struct BenchSeconds {
  double min = 0, median = 0;
};

/// A call that is not counted, then at least five and `seconds` of them in all; but no further one begins after ten times that.
BenchSeconds time_of(const BenchCase& c, double seconds);

/// From now on peak_memory_mib() is that of what follows, where the system allows it (Linux: /proc/self/clear_refs);
/// elsewhere that of the process so far.
void reset_peak_memory();
/// Most memory that was resident at a time, in MiB.
double peak_memory_mib();

}  // namespace tool
