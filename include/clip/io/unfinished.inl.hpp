// clip/io/unfinished.inl.hpp: definitions of clip/io/unfinished.hpp.
#pragma once

#include <clip/io/unfinished.hpp>

#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <string>

namespace clip::inline CLIP_ABI {

CLIP_HOST void remove_unfinished() noexcept {
  for (const bool folders : {false, true})  // a folder is empty once its files are removed
    for (std::atomic<char*>& entry : clip_process::unfinished) {
      const char* const path = entry.load();
      if (path == nullptr || (path[std::strlen(path) - 1] == '/') != folders) continue;
      // Whoever takes the entry out owns the path: its writer may end at the same time. It is not freed here.
      const char* const taken = entry.exchange(nullptr);
      if (taken != nullptr) folders ? ::rmdir(taken) : ::unlink(taken);
    }
}

namespace detail {

CLIP_HOST Unfinished::~Unfinished() {
  if (path_ == nullptr) return;
  for (std::atomic<char*>& entry : clip_process::unfinished)
    if (char* mine = path_; entry.compare_exchange_strong(mine, nullptr)) {
      std::free(path_);
      return;
    }
}

CLIP_HOST Unfinished Unfinished::entry(const std::string& path, bool folder) noexcept {
  Unfinished result;
  char* const copy = path.empty() ? nullptr : static_cast<char*>(std::malloc(path.size() + 2));
  if (copy == nullptr) return result;
  std::memcpy(copy, path.c_str(), path.size() + 1);
  if (folder && path.back() != '/') std::memcpy(copy + path.size(), "/", 2);
  for (std::atomic<char*>& entry : clip_process::unfinished)
    if (char* none = nullptr; entry.compare_exchange_strong(none, copy)) {
      result.path_ = copy;
      return result;
    }
  std::free(copy);
  return result;
}

CLIP_HOST Unfinished Unfinished::file(const std::string& path) noexcept { return entry(path, false); }
CLIP_HOST Unfinished Unfinished::folder(const std::string& path) noexcept { return entry(path, true); }

}  // namespace detail

}  // namespace clip::inline CLIP_ABI
