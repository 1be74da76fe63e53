// tests/fuzz/scratch.hpp: files made of an input, for readers that open folders.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace clip::testing {

/// A folder of this process in memory, where there is such a file system; it stays when the process ends.
inline std::string scratch_folder() {
  const char* const chosen = std::getenv("CLIP_FUZZ_SCRATCH");
  const std::string parent = chosen != nullptr ? chosen : std::filesystem::temp_directory_path().string();
  const std::string folder = parent + "/clip-fuzz-" + std::to_string(::getpid());
  std::filesystem::create_directories(folder);
  return folder;
}

inline void put(const std::string& path, std::string_view bytes) {
  std::ofstream{path, std::ios::binary}.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
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
