// clip/backend/start_thread.hpp: one more thread of a group, or the error that says how many there are.
#pragma once

#include <clip/core/error.hpp>

#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

/// Adds a thread that runs f() to a group of which `wanted` are to run, the caller included. f must not throw.
/// SystemError: the system starts no more.
template <class Thread, class F>
void start_thread(std::vector<Thread>& group, const char* place, int wanted, F f) {
#if CLIP_EXCEPTIONS
  try {
    group.emplace_back(std::move(f));
  } catch (const std::system_error& e) {
    raise(SystemError{place, std::to_string(wanted) + " threads were asked for, the system runs " +
                                 std::to_string(group.size() + 1) + " (" + e.code().message() + ")"}
              .with_id("clip.system.threads"));
  }
#else
  static_cast<void>(place);
  static_cast<void>(wanted);
  group.emplace_back(std::move(f));
#endif
}

}  // namespace clip::inline CLIP_ABI::detail
