// One case of `clip bench`: the timed function, its unit and operation count, and the measurement of time and memory.
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
  double amount = 1;  // units per call
  std::string unit{};
  double flops = 0;                 // nominal FLOPs per call; 0: not counted
  bool as_counted = false;          // they are those that the call computes, so that a share of the peak makes sense
  std::function<void()> work{};     // the timed call
  std::function<void()> before{};   // untimed, before every call
  std::function<void()> warm_up{};  // replaces the untimed first call
};

/// Creates the model and reads the inputs only when its case runs, so that cases do not add to each other's memory.
using MakeBenchCase = std::function<BenchCase()>;

/// The cases of a command line, in order. UsageError: a part lacks a required option.
std::vector<MakeBenchCase> bench_cases(const BenchOptions& options);

struct BenchSeconds {
  double min = 0, median = 0;
};

/// One untimed call, then at least 5 calls and until `seconds` have passed; no call starts after 10 times `seconds`.
BenchSeconds measure(const BenchCase& c, double seconds);

/// Resets the peak that peak_memory_mib() returns, where the system supports it (Linux: /proc/self/clear_refs).
void reset_peak_memory();
/// Maximum resident memory since the last reset, or since the process started, in MiB.
double peak_memory_mib();

}  // namespace tool
