// clip/core/notice.hpp: one-time warnings, and the hook that receives them.
#pragma once

#include <clip/core/abi.hpp>

#include <atomic>
#include <cstdio>

// One state per process, shared by all translation units whatever their ABI tag: outside the inline namespace,
// constant-initialised.
namespace clip_process {
inline std::atomic<void (*)(const char*)> notice{nullptr};
inline std::atomic<unsigned> said{0};
}  // namespace clip_process

namespace clip::inline CLIP_ABI {

/// Receives a sentence without a newline. May be called from any thread.
using Notice = void (*)(const char* sentence);

/// Sets the receiver of warnings (default: standard error), for example a function that writes to a log.
///   clip::set_notice([](const char*) {});
inline void set_notice(Notice notice) { clip_process::notice.store(notice); }

/// Subjects of warnings; each is reported at most once per process.
enum class Topic : unsigned { slow_build, assumed, assumed_preprocessing, slow_int8, finished_replacement };

/// Reports the sentence unless its topic was reported before.
inline void say_once(Topic topic, const char* sentence) {
  const unsigned bit = 1u << static_cast<unsigned>(topic);
  if (clip_process::said.fetch_or(bit) & bit) return;
  if (const Notice notice = clip_process::notice.load()) notice(sentence);
  else std::fprintf(stderr, "clip: %s\n", sentence);
}

}  // namespace clip::inline CLIP_ABI
