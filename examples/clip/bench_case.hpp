// One case of `clip bench`: the timed function, its unit and operation count, and the measurement of time and memory.
#pragma once

#include "commands.hpp"

#include <clip/core/size.hpp>
#include <clip/io/json.hpp>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
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

/// The part that stands for the table of a machine.
inline constexpr const char* all_parts = "all";

/// Creates the model and reads the inputs only when its case runs, so that cases do not add to each other's memory.
using MakeBenchCase = std::function<BenchCase()>;

/// The cases of a command line, in order. UsageError: a part lacks a required option.
std::vector<MakeBenchCase> bench_cases(const BenchOptions& options);

struct BenchSeconds {
  double min = 0, median = 0;
};

/// Peak operations per second, measured once per type and number of threads.
class Peaks {
 public:
  double operator()(Dtype dtype, int threads);

 private:
  std::map<std::pair<Dtype, int>, double> known_;
};

/// What was measured of a case that has a type.
struct BenchResult {
  std::string name;
  Dtype dtype;
  clip::Index batch;
  int threads;
  double seconds;
};

/// The machine of --part all: kernels, threads, and the peak of every type in GFLOP/s.
clip::Json bench_machine(const std::vector<int>& threads, Peaks& peaks);
/// The fastest type of every part, batch and number of threads.
std::vector<BenchResult> fastest_types(const std::vector<BenchResult>& results);
/// The results in a type of fewer bits than f32 that take no less time than f32 in the same case.
std::vector<BenchResult> no_faster_than_f32(const std::vector<BenchResult>& results);
/// The same as lines of text.
std::string machine_text(const clip::Json& machine);
std::string fastest_text(const BenchResult& fastest);
std::string no_faster_text(const BenchResult& slow);

/// One untimed call, then at least 5 calls and until `seconds` have passed; no call starts after 10 times `seconds`.
BenchSeconds measure(const BenchCase& c, double seconds);

/// Resets the peak that peak_memory_mib() returns, where the system supports it (Linux: /proc/self/clear_refs).
void reset_peak_memory();
/// Maximum resident memory since the last reset, or since the process started, in MiB.
double peak_memory_mib();

}  // namespace tool
