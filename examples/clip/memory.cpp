#include "images.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string>
#include <type_traits>
#include <variant>

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

/// What an image takes at most: two batches are read while one is encoded. A transformer's widest moment holds its
/// rows, those of attention and those of the feed-forward layer; a residual network's, some maps of the stem's size.
double bytes_of_image(const clip::AnyConfig& config) {
  const clip::ImageInput input = config.input();
  const double side = static_cast<double>(input.image_size);
  const double read = 3 * 4 * static_cast<double>(input.channels) * side * side;
  const double encoded = std::visit(
      [&](const auto& tower) {
        const auto width = static_cast<double>(tower.width);
        if constexpr (requires { tower.hidden(); })
          return 4 * static_cast<double>(tower.tokens()) * (8 * width + static_cast<double>(tower.hidden()));
        else return 4 * (side / 2) * (side / 2) * 4 * width;
      },
      config.image);
  return read + encoded;
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
