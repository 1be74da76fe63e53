#include <clip/io/list_files.hpp>

#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "temporary_folder.hpp"

using namespace clip;
namespace fs = std::filesystem;

namespace {
const auto everything = [](const std::string&) { return true; };
}

TEST_CASE("files are listed in the order of their paths' bytes, with or without subfolders") {
  const TemporaryFolder folder;
  fs::create_directories(folder / "b/inner");
  for (const char* name : {"c", "a", "B", "b/z", "b/inner/y"}) put(folder / name, "");
  CHECK(*try_list_files(folder.path, Below::folder, everything) ==
        std::vector<std::string>{folder / "B", folder / "a", folder / "c"});
  CHECK(*try_list_files(folder.path, Below::subfolders, everything) ==
        std::vector<std::string>{folder / "B", folder / "a", folder / "b/inner/y", folder / "b/z", folder / "c"});
  CHECK(try_list_files(folder.path + "/", Below::folder, everything)->front() == folder / "B");
}

TEST_CASE("only files that satisfy the predicate are listed, and no hidden ones") {
  const TemporaryFolder folder;
  fs::create_directories(folder / ".cache");
  for (const char* name : {"a.png", "a.txt", ".b.png", ".cache/c.png"}) put(folder / name, "");
  const auto images =
      try_list_files(folder.path, Below::subfolders, [](const std::string& name) { return name.ends_with(".png"); });
  CHECK(*images == std::vector<std::string>{folder / "a.png"});
}

TEST_CASE("links to files are files, links to folders are not followed, so a loop of links ends") {
  const TemporaryFolder folder;
  put(folder / "a", "");
  fs::create_symlink("a", folder / "b");
  fs::create_symlink("nowhere", folder / "c");
  fs::create_directory_symlink(".", folder / "d");
  CHECK(*try_list_files(folder.path, Below::subfolders, everything) ==
        std::vector<std::string>{folder / "a", folder / "b", folder / "c"});
}

TEST_CASE("an empty folder has no files; a missing one is an error, and so is a file") {
  const TemporaryFolder folder;
  CHECK(try_list_files(folder.path, Below::subfolders, everything)->empty());
  CHECK(try_list_files(folder / "none", Below::folder, everything)
            .error()
            .message()
            .starts_with(folder / "none: no such file"));
  put(folder / "a", "");
  CHECK_FALSE(try_list_files(folder / "a", Below::folder, everything).has_value());
}
