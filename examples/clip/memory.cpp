#include "images.hpp"

#include <clip/model/flops.hpp>

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string>

namespace tool {
namespace {

/// The number of bytes a line "MemAvailable:  123 kB" of a file names; 0: none.
double kilobytes_of(const char* file, const std::string& key) {
  std::ifstream lines{file};
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(key)) return std::strtod(line.c_str() + key.size(), nullptr) * 1024;
  return 0;
}

/// The bytes that this process can still take: of the machine, of its control group, of its own limit. 0: unknown.
double available_memory() {
  double least = kilobytes_of("/proc/meminfo", "MemAvailable:");
  const auto bound = [&](double bytes) { least = least == 0 ? bytes : std::min(least, bytes); };
  double group = 0, used = 0;
  if (std::ifstream{"/sys/fs/cgroup/memory.max"} >> group && std::ifstream{"/sys/fs/cgroup/memory.current"} >> used)
    bound(std::max(group - used, 1.0));
  rlimit limit{};
  if (::getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
    bound(std::max(static_cast<double>(limit.rlim_cur) - kilobytes_of("/proc/self/status", "VmSize:"), 1.0));
  return least;
}

/// What an image takes at most: two batches are read while one is encoded.
double bytes_of_image(const clip::AnyConfig& config) {
  const clip::ImageInput input = config.input();
  const double side = static_cast<double>(input.image_size);
  return 4 * (3 * static_cast<double>(input.channels) * side * side + clip::count_activations(config));
}

}  // namespace

clip::Index batch_in_memory(clip::Index wanted, const clip::AnyConfig& config) {
  const double available = available_memory();
  if (available == 0) return wanted;
  const auto most = static_cast<clip::Index>(std::max(1.0, std::min(1e9, available / 2 / bytes_of_image(config))));
  if (most >= wanted) return wanted;
  print_error("--batch " + std::to_string(wanted) + ": " + std::to_string(most) +
              " images at a time, which half of the available memory holds");
  return most;
}

}  // namespace tool
