// tests/io/temporary_folder.hpp: temporary folders that delete themselves, and text files.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

struct TemporaryFolder {
  std::string path = [] {
    std::string name = (std::filesystem::temp_directory_path() / "clip-test-XXXXXX").string();
    return std::string(::mkdtemp(name.data()));
  }();
  TemporaryFolder() = default;
  TemporaryFolder(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::string operator/(const std::string& name) const { return path + "/" + name; }
  long entries() const {
    return std::distance(std::filesystem::directory_iterator(path), std::filesystem::directory_iterator());
  }
};

inline void put(const std::string& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }
inline std::string get(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The folder of test data, or null after a message about the skipped case.
#define CLIP_TEST_DATA_OR_RETURN(variable, name)              \
  const char* const variable = std::getenv("CLIP_TEST_DATA"); \
  if (variable == nullptr) {                                  \
    MESSAGE("skipped: " name ": CLIP_TEST_DATA is not set");  \
    return;                                                   \
  }
