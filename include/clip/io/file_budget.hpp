// clip/io/file_budget.hpp: bound of the memory that reading a file may take, from the size of the file.
#pragma once

#include <clip/core/error.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

// One state per process, as in core/notice.hpp.
namespace clip_process {
inline std::atomic<std::uint64_t> budget_factor{16}, budget_least{std::uint64_t{1} << 26},
    budget_most{std::uint64_t{1} << 36};
}  // namespace clip_process

namespace clip::inline CLIP_ABI {

/// Memory that the content of a file may take beside the mapped file itself: what is inflated, copied, or parsed as
/// JSON or pickle. A file of n bytes has `factor` · n bytes, but at least `least` and at most `most`.
struct FileBudget {
  std::uint64_t factor = 16;
  std::uint64_t least = std::uint64_t{1} << 26;  // 64 MiB
  std::uint64_t most = std::uint64_t{1} << 36;   // 64 GiB

  /// The budget of a file of so many bytes.
  constexpr std::size_t of(std::size_t bytes) const {
    constexpr std::uint64_t all = std::numeric_limits<std::uint64_t>::max();
    const std::uint64_t scaled = factor != 0 && bytes > all / factor ? all : factor * bytes;
    return static_cast<std::size_t>(std::min(most, std::max(least, scaled)));
  }
  friend constexpr bool operator==(const FileBudget&, const FileBudget&) = default;
};

/// Sets the budget of every file that this process reads from now on.
///   clip::set_file_budget({.factor = 100});      // for archives that are compressed very well
inline void set_file_budget(const FileBudget& budget) {
  clip_process::budget_factor.store(budget.factor);
  clip_process::budget_least.store(budget.least);
  clip_process::budget_most.store(budget.most);
}
inline FileBudget file_budget() {
  return {clip_process::budget_factor.load(), clip_process::budget_least.load(), clip_process::budget_most.load()};
}

namespace detail {
/// `what`: what would take more than `budget` bytes.
inline Error budget_error(const std::string& place, const std::string& what, std::size_t budget) {
  return LoadError{place, what + " takes more than " + std::to_string(budget) +
                              " bytes, the budget of a file of this size (set_file_budget)"}
      .with_id("clip.load.budget");
}
}  // namespace detail

}  // namespace clip::inline CLIP_ABI
