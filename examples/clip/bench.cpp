#include "bench_case.hpp"
#include "terminal.hpp"

#include <cstdio>
#include <cstdlib>
#include <map>
#include <utility>

namespace tool {
namespace {

/// Peak operations per second, measured once per type and number of threads.
class Peaks {
 public:
  double operator()(Dtype dtype, int threads) {
    double& peak = known_[{dtype, threads}];
    if (peak == 0) peak = peak_flops(dtype, threads);
    return peak;
  }

 private:
  std::map<std::pair<Dtype, int>, double> known_;
};

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

}  // namespace

int bench(const BenchOptions& options) {
  Output out;
  Peaks peaks;
  const auto cases = bench_cases(options);
  if (!options.json)
    out.line(
        "case                             dtype  batch threads  s minimum   s median         rate            GFLOP/s % "
        "peak  peak MiB");
  for (const MakeBenchCase& make : cases) {
    reset_peak_memory();
    const BenchCase c = make();
    const BenchSeconds seconds = measure(c, options.seconds);
    print(out, c, seconds, peak_memory_mib(), peaks, options.json);
  }
  return 0;
}

}  // namespace tool
