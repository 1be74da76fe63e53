#include "bench_case.hpp"
#include "terminal.hpp"

#include <clip/backend/threads.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace tool {
namespace {

clip::Json rounded(double x) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%.6g", x);
  return std::strtod(digits, nullptr);
}

std::string format_number(const char* format, double x) {
  char text[32];
  std::snprintf(text, sizeof text, format, x);
  return text;
}

void print(Output& out, const BenchCase& c, const BenchSeconds& seconds, double memory, Peaks& peaks, bool json) {
  const std::string dtype = c.dtype ? name_of(*c.dtype) : "-";
  const bool has_share = c.flops > 0 && c.as_counted && has_products(*c.dtype);
  const double rate = c.amount / seconds.min, flops = c.flops / seconds.min,
               share = has_share ? flops / peaks(*c.dtype, c.threads) : 0;
  if (json) {
    out.line(clip::json_text({{"case", c.name},
                              {"dtype", dtype},
                              {"batch", c.batch},
                              {"threads", c.threads},
                              {"seconds_min", rounded(seconds.min)},
                              {"seconds_median", rounded(seconds.median)},
                              {"rate", rounded(rate)},
                              {"unit", c.unit},
                              {"gflops", c.flops > 0 ? rounded(flops / 1e9) : clip::Json()},
                              {"share_of_peak", has_share ? rounded(share) : clip::Json()},
                              {"peak_rss_mib", rounded(memory)}}));
  } else {
    char line[256];
    std::snprintf(line, sizeof line, "%-32s %-5s %6lld %7d %10.6f %10.6f %12.5g %-10s %9s %6s %9.0f", c.name.c_str(),
                  dtype.c_str(), static_cast<long long>(c.batch), c.threads, seconds.min, seconds.median, rate,
                  c.unit.c_str(), (c.flops > 0 ? format_number("%.1f", flops / 1e9) : "-").c_str(),
                  (has_share ? format_number("%.1f", 100 * share) : "-").c_str(), memory);
    out.line(line);
  }
  out.flush();
}

clip::Json json_of(const BenchResult& r) {
  return {{"case", r.name}, {"batch", r.batch}, {"threads", r.threads}, {"dtype", name_of(r.dtype)}};
}

/// The numbers of threads of a command line, 0 replaced.
std::vector<int> threads_of(const BenchOptions& options) {
  std::vector<int> threads = options.threads;
  for (int& n : threads) n = n == 0 ? clip::available_cores() : n;
  return threads;
}

/// After the last case: of --part all the fastest types, and types of fewer bits that are not faster.
void print_summary(Output& out, const std::vector<BenchResult>& results, bool all, bool json) {
  const auto fastest = fastest_types(results), slow = no_faster_than_f32(results);
  if (!json) {
    if (all)
      for (const BenchResult& r : fastest) out.line(fastest_text(r));
    for (const BenchResult& r : slow) out.line(no_faster_text(r));
  } else if (all) {
    clip::Json summary{{"fastest", clip::Json::array()}, {"not_faster_than_f32", clip::Json::array()}};
    for (const BenchResult& r : fastest) summary["fastest"].push_back(json_of(r));
    for (const BenchResult& r : slow) summary["not_faster_than_f32"].push_back(json_of(r));
    out.line(clip::json_text(summary));
  }
  out.flush();
}

}  // namespace

int bench(const BenchOptions& options) {
  Output out;
  Peaks peaks;
  const auto cases = bench_cases(options);
  const bool all = std::ranges::count(options.parts, all_parts) > 0;
  if (all) {
    const clip::Json machine = bench_machine(threads_of(options), peaks);
    out.line(options.json ? clip::json_text(machine) : machine_text(machine));
  }
  if (!options.json)
    out.line(
        "case                             dtype  batch threads  s minimum   s median         rate            GFLOP/s % "
        "peak  peak MiB");
  std::vector<BenchResult> results;
  for (const MakeBenchCase& make : cases) {
    reset_peak_memory();
    const BenchCase c = make();
    const BenchSeconds seconds = measure(c, options.seconds);
    print(out, c, seconds, peak_memory_mib(), peaks, options.json);
    if (c.dtype) results.push_back({c.name, *c.dtype, c.batch, c.threads, seconds.min});
  }
  print_summary(out, results, all, options.json);
  return 0;
}

}  // namespace tool
