#include <clip/io/list_files.hpp>

#include <doctest/doctest.h>

#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "temporary_folder.hpp"

using namespace clip;
namespace fs = std::filesystem;

namespace {

const auto everything = [](const std::string&) { return true; };

/// For its lifetime permissions apply also to a test that runs as root.
struct WithoutPrivileges {
  WithoutPrivileges() {
    if (user == 0) REQUIRE(::seteuid(65534) == 0);
  }
  WithoutPrivileges(const WithoutPrivileges&) = delete;
  ~WithoutPrivileges() {
    if (user == 0) static_cast<void>(::seteuid(user));
  }
  ::uid_t user = ::geteuid();
};

}  // namespace

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

TEST_CASE("what cannot be examined is listed, and does not end the listing") {
  const TemporaryFolder folder;
  const auto images = [](const std::string& name) { return name.ends_with(".png"); };
  fs::create_directories(folder / "locked");
  fs::create_directories(folder / "names only/inner");
  for (const char* name : {"a.png", "locked/b.png", "names only/c.png", "names only/d.txt", "names only/inner/e.png"})
    put(folder / name, "");
  fs::permissions(folder.path, fs::perms{0755});
  fs::permissions(folder / "locked", fs::perms{0});
  fs::permissions(folder / "names only", fs::perms{0444});
  const auto listed = [&](Below below) {
    const WithoutPrivileges without;
    return try_list_files(folder.path, below, images).value();
  };
  CHECK(listed(Below::subfolders) == std::vector<std::string>{folder / "a.png", folder / "locked",
                                                              folder / "names only/c.png",
                                                              folder / "names only/inner"});
  CHECK(listed(Below::folder) == std::vector<std::string>{folder / "a.png"});
  {
    const WithoutPrivileges without;
    CHECK(try_list_files(folder / "locked", Below::subfolders, images).error().message() ==
          (folder / "locked") + ": cannot be opened: Permission denied");
  }
  for (const char* name : {"locked", "names only"}) fs::permissions(folder / name, fs::perms{0755});
}

TEST_CASE("a subfolder whose path is too long is listed, and its neighbours too") {
  const TemporaryFolder folder;
  put(folder / "z.png", "");
  const std::string start = fs::current_path(), name(250, 'n');
  fs::current_path(folder.path);
  std::string deepest = folder.path;
  for (int depth = 0; depth < 20; ++depth) {  // 5,000 bytes: more than a path may have
    fs::create_directory(name);
    fs::current_path(name);
    deepest += "/" + name;
  }
  put("a.png", "");
  fs::current_path(start);
  const auto listed = try_list_files(folder.path, Below::subfolders, everything).value();
  REQUIRE(listed.size() == 2);
  CHECK(deepest.starts_with(listed[0]));
  CHECK(listed[0].size() > 4000);
  CHECK(listed[1] == folder / "z.png");
}
