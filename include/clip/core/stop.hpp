// clip/core/stop.hpp: the request to end long calls, for handlers of signals and other threads.
#pragma once

#include <clip/core/error.hpp>

#include <atomic>
#include <string>
#include <utility>

// One state per process, shared by all translation units whatever their ABI tag: outside the inline namespace,
// constant-initialised.
namespace clip_process {
inline std::atomic<bool> stop{false};
static_assert(std::atomic<bool>::is_always_lock_free, "handlers of signals store to it");
}  // namespace clip_process

namespace clip::inline CLIP_ABI {

/// Asks every long call of the library in this process to end at its next safe place: reading images ahead, tokenizing
/// a batch, building a zero-shot head, converting a file, training. Safe in a handler of a signal.
///
///   std::signal(SIGINT, [](int) { clip::request_stop(); });
///
/// A call that ends early raises, or returns, SystemError clip.system.stopped; ReadAhead and EmbeddedImages end and are
/// stopped(). Nothing that was to be written appears. Saving a model or the checkpoint of a run is not affected.
inline void request_stop() noexcept { clip_process::stop.store(true, std::memory_order_relaxed); }

/// Whether a stop was requested and not withdrawn.
inline bool stop_requested() noexcept { return clip_process::stop.load(std::memory_order_relaxed); }

/// Withdraws the request, so that later calls run again.
inline void withdraw_stop() noexcept { clip_process::stop.store(false, std::memory_order_relaxed); }

/// The error of a call that ended early; `place` is its name or its file.
inline Error stopped_error(std::string place) {
  return SystemError{std::move(place), "stopped as requested"}.with_id("clip.system.stopped");
}

/// Raises that error if a stop was requested. For long loops of a program.
inline void check_stop(const char* place) {
  if (stop_requested()) raise(stopped_error(place));
}

}  // namespace clip::inline CLIP_ABI
