// What the results of `clip bench` say together: the machine, its fastest types, and types that save memory only.
#include "bench_case.hpp"

#include <clip/backend/cpu.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace tool {
namespace {

bool same_case(const BenchResult& a, const BenchResult& b) {
  return a.name == b.name && a.batch == b.batch && a.threads == b.threads;
}

std::string threads_text(int n) { return std::to_string(n) + (n == 1 ? " thread" : " threads"); }

std::string case_text(const BenchResult& r) {
  return r.name + ", batch " + std::to_string(r.batch) + ", " + threads_text(r.threads);
}

}  // namespace

double Peaks::operator()(Dtype dtype, int threads) {
  double& peak = known_[{dtype, threads}];
  if (peak == 0) peak = peak_flops(dtype, threads);
  return peak;
}

clip::Json bench_machine(const std::vector<int>& threads, Peaks& peaks) {
  clip::Json machine{{"backend", clip::Cpu<>{{.threads = threads.front()}}.describe()},
                     {"peak_gflops", clip::Json::array()}};
  for (const int n : threads) {
    clip::Json of_types{{"threads", n}};
    for (const auto& [name, dtype] : dtypes)
      of_types[name] = has_products(dtype) ? clip::Json(std::round(peaks(dtype, n) / 1e9)) : clip::Json();
    machine["peak_gflops"].push_back(of_types);
  }
  return machine;
}

std::string machine_text(const clip::Json& machine) {
  std::string text = machine["backend"].get<std::string>();
  for (const clip::Json& peaks : machine["peak_gflops"]) {
    text += "\npeak GFLOP/s of products, " + threads_text(peaks["threads"].get<int>()) + ":";
    for (const auto& [name, dtype] : dtypes)
      text +=
          std::string(" ") + name + " " + (peaks[name].is_null() ? "-" : std::to_string(peaks[name].get<long long>()));
  }
  return text;
}

std::vector<BenchResult> fastest_types(const std::vector<BenchResult>& results) {
  std::vector<BenchResult> fastest;
  for (const BenchResult& r : results) {
    const auto known = std::ranges::find_if(fastest, [&](const BenchResult& other) { return same_case(r, other); });
    if (known == fastest.end()) fastest.push_back(r);
    else if (r.seconds < known->seconds) *known = r;
  }
  return fastest;
}

std::vector<BenchResult> no_faster_than_f32(const std::vector<BenchResult>& results) {
  std::vector<BenchResult> slow;
  for (const BenchResult& r : results)
    if (r.dtype != Dtype::f32 && std::ranges::any_of(results, [&](const BenchResult& other) {
          return other.dtype == Dtype::f32 && same_case(r, other) && r.seconds >= other.seconds;
        }))
      slow.push_back(r);
  return slow;
}

std::string fastest_text(const BenchResult& fastest) {
  char time[32];
  std::snprintf(time, sizeof time, "%.6f s", fastest.seconds);
  return "fastest for " + case_text(fastest) + ": " + name_of(fastest.dtype) + ", " + time;
}

std::string no_faster_text(const BenchResult& slow) {
  return std::string(name_of(slow.dtype)) + " is not faster than f32 here (" + case_text(slow) +
         "): it saves memory only";
}

}  // namespace tool
