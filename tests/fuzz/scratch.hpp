// tests/fuzz/scratch.hpp: files made of an input, for readers that open folders.
#pragma once

#include "input.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace clip::testing {

/// A folder of this process in that of CLIP_FUZZ_SCRATCH, which run.sh removes.
inline std::string scratch_folder() {
  const char* const chosen = std::getenv("CLIP_FUZZ_SCRATCH");
  const std::string folder = (chosen != nullptr ? chosen : "/tmp") + ("/clip-fuzz-" + std::to_string(::getpid()));
  must(::mkdir(folder.c_str(), 0700) == 0);
  return folder;
}

inline void put(const std::string& path, std::string_view bytes) {
  std::FILE* const file = std::fopen(path.c_str(), "wb");
  must(file != nullptr && std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size());
  must(std::fclose(file) == 0);
}

/// The part of an input up to the mark between files, removed from it.
inline std::string_view next_file(std::string_view& input) {
  constexpr std::string_view mark = "\n=====\n";
  const std::size_t end = input.find(mark);
  const std::string_view first = input.substr(0, end);
  input.remove_prefix(end == input.npos ? input.size() : end + mark.size());
  return first;
}

}  // namespace clip::testing
