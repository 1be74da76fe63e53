// clip/core/notice.hpp: what the library has to say once, to whom it may concern.
#pragma once

#include <clip/core/abi.hpp>

#include <atomic>
#include <cstdio>

// One for the whole process, whatever its units were compiled for: outside the inline namespace, and constants until set.
namespace clip_process {
inline std::atomic<void (*)(const char*)> notice{nullptr};
inline std::atomic<unsigned> said{0};
}  // namespace clip_process

namespace clip::inline CLIP_ABI {

/// Takes a sentence without a line's end; may be called from any thread.
using Notice = void (*)(const char* sentence);

/// Who is told from now on, instead of standard error: a function that writes to a log, or nowhere.
///   clip::set_notice([](const char*) {});
inline void set_notice(Notice notice) { clip_process::notice.store(notice); }

/// What can be said, once per process each.
enum class Topic : unsigned { slow_build };

/// Tells the sentence if nothing was said on its topic yet.
inline void say_once(Topic topic, const char* sentence) {
  const unsigned bit = 1u << static_cast<unsigned>(topic);
  if (clip_process::said.fetch_or(bit) & bit) return;
  if (const Notice notice = clip_process::notice.load()) notice(sentence);
  else std::fprintf(stderr, "clip: %s\n", sentence);
}

}  // namespace clip::inline CLIP_ABI
