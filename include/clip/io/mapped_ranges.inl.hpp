// clip/io/mapped_ranges.inl.hpp: definitions of clip/io/mapped_ranges.hpp.
#pragma once

#include <clip/io/mapped_ranges.hpp>
#include <clip/io/unfinished.hpp>

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>

namespace clip::inline CLIP_ABI {

namespace detail {

CLIP_HOST void note_mapped(std::span<const std::byte> bytes, const std::string& path) noexcept {
  const auto begin = reinterpret_cast<std::uintptr_t>(bytes.data());
  for (clip_process::MappedRange& range : clip_process::mapped) {
    std::uintptr_t none = 0;
    if (!range.begin.compare_exchange_strong(none, 1)) continue;
    const std::size_t n = std::min(path.size(), range.path.size() - 1);
    std::memcpy(range.path.data(), path.data(), n);
    range.path[n] = '\0';
    range.end = begin + bytes.size();
    range.begin = begin;
    return;
  }
}

CLIP_HOST void forget_mapped(std::span<const std::byte> bytes) noexcept {
  const auto begin = reinterpret_cast<std::uintptr_t>(bytes.data());
  for (clip_process::MappedRange& range : clip_process::mapped) {
    std::uintptr_t mine = begin;
    if (range.begin.compare_exchange_strong(mine, 0)) return;
  }
}

/// The handler that was there before guard_mapped_files().
inline struct sigaction earlier_fault_handler {};

/// What a handler may call: no allocation, no lock, no stdio.
inline void report_fault(int, siginfo_t* info, void*) {
  const auto at = info->si_code <= 0 ? 0 : reinterpret_cast<std::uintptr_t>(info->si_addr);
  for (const clip_process::MappedRange& range : clip_process::mapped) {
    if (range.begin <= 1 || at < range.begin || at >= range.end) continue;
    const auto say = [](const char* text) { return ::write(STDERR_FILENO, text, std::strlen(text)) >= 0; };
    static_cast<void>(say("clip: ") && say(range.path.data()) &&
                      say(": became shorter while it was in use: another process truncated it\n"));
    remove_unfinished();
    ::_exit(1);
  }
  // The access is repeated, and faults again; a signal that somebody sent is sent again.
  ::sigaction(SIGBUS, &earlier_fault_handler, nullptr);
  if (info->si_code <= 0) ::raise(SIGBUS);
}

}  // namespace detail

CLIP_HOST void guard_mapped_files() {
  struct sigaction action {};
  action.sa_sigaction = detail::report_fault;
  action.sa_flags = SA_SIGINFO;
  struct sigaction before {};
  ::sigaction(SIGBUS, &action, &before);
  if (before.sa_sigaction != detail::report_fault) detail::earlier_fault_handler = before;
}

}  // namespace clip::inline CLIP_ABI
