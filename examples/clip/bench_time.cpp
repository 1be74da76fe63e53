#include "bench_case.hpp"
#include "terminal.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace tool {

BenchSeconds measure(const BenchCase& c, double seconds) {
  using Clock = std::chrono::steady_clock;
  const auto since = [](Clock::time_point begin) {
    return std::chrono::duration<double>(Clock::now() - begin).count();
  };
  end_if_interrupted();
  if (c.before) c.before();
  if (c.warm_up) c.warm_up();
  else c.work();
  std::vector<double> taken;
  double sum = 0;
  for (const auto begin = Clock::now();
       taken.empty() || ((taken.size() < 5 || sum < seconds) && since(begin) < 10 * seconds);) {
    end_if_interrupted();
    if (c.before) c.before();
    const auto start = Clock::now();
    c.work();
    sum += taken.emplace_back(since(start));
  }
  std::ranges::sort(taken);
  const std::size_t half = taken.size() / 2;
  return {taken.front(), taken.size() % 2 != 0 ? taken[half] : (taken[half - 1] + taken[half]) / 2};
}

void reset_peak_memory() {
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
  if (std::FILE* const file = std::fopen("/proc/self/clear_refs", "w")) {
    std::fputs("5", file);
    std::fclose(file);
  }
}

double peak_memory_mib() {
  double kib = 0;
  if (std::FILE* const file = std::fopen("/proc/self/status", "r")) {
    char line[256];
    while (kib == 0 && std::fgets(line, sizeof line, file) != nullptr)
      if (std::strncmp(line, "VmHWM:", 6) == 0) kib = std::strtod(line + 6, nullptr);
    std::fclose(file);
  }
  rusage used{};
  if (kib == 0 && ::getrusage(RUSAGE_SELF, &used) == 0) kib = static_cast<double>(used.ru_maxrss);
  return kib / 1024;
}

}  // namespace tool
