// clip/backend/available_cores.inl.hpp: definitions of clip/backend/available_cores.hpp.
#pragma once

#include <clip/backend/available_cores.hpp>

#include <algorithm>
#include <cstdio>
#include <thread>

#ifdef __linux__
#include <sched.h>
#endif

namespace clip::inline CLIP_ABI {

namespace detail {

/// Cores by the CPU quota of the control group (cgroup 2, then 1), at most `limit`; `limit` where there is no quota.
inline int cgroup_cores(int limit) {
#ifdef __linux__
  double quota = 0, period = 0;
  if (std::FILE* f = std::fopen("/sys/fs/cgroup/cpu.max", "r")) {
    if (std::fscanf(f, "%lf %lf", &quota, &period) != 2) quota = 0;
    std::fclose(f);
  } else {
    const auto read = [](const char* path, double& value) {
      if (std::FILE* g = std::fopen(path, "r")) {
        if (std::fscanf(g, "%lf", &value) != 1) value = 0;
        std::fclose(g);
      }
    };
    read("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", quota);
    read("/sys/fs/cgroup/cpu/cpu.cfs_period_us", period);
  }
  if (quota > 0 && period > 0) return std::clamp(static_cast<int>(quota / period + 0.5), 1, limit);
#endif
  return limit;
}

}  // namespace detail

CLIP_HOST int available_cores() {
  int cores = static_cast<int>(std::thread::hardware_concurrency());
#ifdef __linux__
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) cores = CPU_COUNT(&set);
#endif
  return detail::cgroup_cores(std::max(cores, 1));
}

}  // namespace clip::inline CLIP_ABI
