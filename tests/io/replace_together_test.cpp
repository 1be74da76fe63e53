#include "../support/kill_at_calls.hpp"
#include "temporary_folder.hpp"

#include <clip/core/notice.hpp>
#include <clip/io/replace_together.hpp>
#include <clip/io/unfinished.hpp>

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <set>
#include <string>
#include <thread>
#include <vector>

using namespace clip;

namespace {

std::set<std::string> names_in(const std::string& folder) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) names.insert(entry.path().filename().string());
  return names;
}

/// Both files of the folder, with this text.
void replace(const TemporaryFolder& folder, const std::string& text) {
  std::vector<AtomicFile> files;
  for (const char* const name : {"config", "weights"}) {
    files.push_back(AtomicFile::try_create(folder / name, Links::replaced).value());
    files.back().write(as_byte_span(name + (" " + text)));
  }
  detail::try_replace_together(folder.path, files, {"stale"}).value();
}

void put_old(const TemporaryFolder& folder) {
  for (const std::string& name : names_in(folder.path)) std::filesystem::remove(folder / name);
  put(folder / "config", "config old");
  put(folder / "weights", "weights old");
  put(folder / "stale", "stale old");
  put(folder / "foreign", "of the user");
}

/// Which version the folder holds; empty if it is neither.
std::string version_in(const TemporaryFolder& folder) {
  const std::string config = get(folder / "config"), weights = get(folder / "weights"), stale = get(folder / "stale");
  if (get(folder / "foreign") != "of the user") return "";
  if (config == "config old" && weights == "weights old" && stale == "stale old") return "old";
  return config == "config new" && weights == "weights new" && stale.empty() ? "new" : "";
}

}  // namespace

TEST_CASE("files are replaced together, others stay, a link is replaced and not followed") {
  const TemporaryFolder folder, elsewhere;
  put_old(folder);
  put(elsewhere / "blob", "of another folder");
  std::filesystem::remove(folder / "weights");
  std::filesystem::create_symlink(elsewhere / "blob", folder / "weights");
  ::chmod((folder / "config").c_str(), 0640);
  replace(folder, "new");
  CHECK(version_in(folder) == "new");
  CHECK(names_in(folder.path) == std::set<std::string>{"config", "weights", "foreign"});
  CHECK_FALSE(std::filesystem::is_symlink(folder / "weights"));
  CHECK(get(elsewhere / "blob") == "of another folder");
  struct stat status {};
  REQUIRE(::stat((folder / "config").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0640);
}

TEST_CASE("killed at any system call, a folder holds the old files, or the next reader finishes the new ones") {
  const TemporaryFolder folder;
  set_notice([](const char*) {});
  int old = 0, finished = 0, complete = 0, never_mixed = 0;
  const int kills = kill_at_every_call(
      [&] { put_old(folder); }, [&] { replace(folder, "new"); },
      [&] {
        const bool listed = detail::is_there(folder / detail::replacement_list);
        // Who does not know the list finds the weights with their own configuration, or none.
        never_mixed += get(folder / "weights").empty() || !version_in(folder).empty() ||
                       (get(folder / "weights") == "weights old" && get(folder / "config") == "config old");
        REQUIRE(detail::try_finish_replacement(folder.path));
        const std::string found = version_in(folder);
        CHECK(found == (listed ? "new" : found));
        (listed ? finished : found == "old" ? old : complete) += 1;
        CHECK_FALSE(found.empty());
        CHECK_FALSE(detail::is_there(folder / detail::replacement_list));
        // A later save finds nothing in its way and leaves nothing.
        replace(folder, "new");
        CHECK(names_in(folder.path) == std::set<std::string>{"config", "weights", "foreign"});
      });
  set_notice(nullptr);
  if (kills < 0) {
    MESSAGE("skipped: this process may not trace its children");
    return;
  }
  CHECK(version_in(folder) == "new");
  CHECK(never_mixed == kills);
  CHECK(old > 10);
  CHECK(finished >= 8);  // entering and leaving each of its renames and removals
  CHECK(complete >= 1);
}

TEST_CASE("finishing: said once, repeatable, nothing without a list") {
  const TemporaryFolder folder;
  CHECK(detail::try_finish_replacement(folder.path));
  CHECK(detail::try_finish_replacement(folder / "no folder"));
  put_old(folder);
  put(folder / ".config.partial", "config new");
  put(folder / ".weights.partial", "weights new");
  put(folder / detail::replacement_list,
      "clip: files to remove and to put in place\nremove stale\nput config\nput weights\n");
  static std::string said;
  clip_process::said = 0;
  set_notice([](const char* sentence) { said = sentence; });
  CHECK(detail::try_finish_replacement(folder.path));
  set_notice(nullptr);
  CHECK(said == folder.path + ": a save into this folder was interrupted; finished it");
  CHECK(version_in(folder) == "new");
  CHECK(names_in(folder.path) == std::set<std::string>{"config", "weights", "foreign"});
}

TEST_CASE("finishing: the old weights stay where the new ones are gone") {
  const TemporaryFolder folder;
  put_old(folder);
  put(folder / detail::replacement_list, "clip: files to remove and to put in place\nput config\nput weights\n");
  CHECK(detail::try_finish_replacement(folder.path));
  CHECK(version_in(folder) == "old");
}

TEST_CASE("finishing: a list that names what is outside the folder, or is not one, is an error and does nothing") {
  const TemporaryFolder folder;
  const std::string first = "clip: files to remove and to put in place\n";
  for (const std::string& text :
       {std::string(), std::string("put weights\n"), first, first + "put weights", first + "put ../weights\n",
        first + "remove /etc/passwd\nput weights\n", first + "put .\n", first + "put \n", first + "move weights\n",
        first + "put .weights\n", first + "remove a/b\nput weights\n"}) {
    put_old(folder);
    put(folder / ".weights.partial", "weights new");
    put(folder / detail::replacement_list, text);
    const auto done = detail::try_finish_replacement(folder.path);
    CAPTURE(text);
    REQUIRE_FALSE(done);
    CHECK(done.error().kind() == ErrorKind::load);
    CHECK(version_in(folder) == "old");
  }
}

TEST_CASE("finishing: no permission is an error that says what happened") {
  if (::geteuid() == 0) return;  // may everything
  const TemporaryFolder folder;
  put_old(folder);
  put(folder / ".weights.partial", "weights new");
  put(folder / detail::replacement_list, "clip: files to remove and to put in place\nput weights\n");
  ::chmod(folder.path.c_str(), 0500);
  const auto done = detail::try_finish_replacement(folder.path);
  ::chmod(folder.path.c_str(), 0700);
  REQUIRE_FALSE(done);
  CHECK(done.error().message().find("a save into it was interrupted, and cannot be finished") != std::string::npos);
  CHECK(detail::is_there(folder / ".weights.partial"));
}

TEST_CASE("finishing waits for a process that is replacing") {
  const TemporaryFolder folder;
  put_old(folder);
  put(folder / ".weights.partial", "weights new");
  put(folder / detail::replacement_list, "clip: files to remove and to put in place\nput weights\n");
  detail::Descriptor held{::open(folder.path.c_str(), O_RDONLY | O_DIRECTORY)};
  REQUIRE(::flock(held.number(), LOCK_EX) == 0);
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(60));
    CHECK(get(folder / "weights") == "weights old");
    held.close();
  });
  CHECK(detail::try_finish_replacement(folder.path));
  other.join();
  CHECK(get(folder / "weights") == "weights new");
}

TEST_CASE("after the handler of a signal the old files are there, and nothing else") {
  const TemporaryFolder folder;
  put_old(folder);
  std::vector<AtomicFile> files;
  for (const char* const name : {"config", "weights"})
    files.push_back(AtomicFile::try_create(folder / name, Links::replaced).value());
  remove_unfinished();
  CHECK(version_in(folder) == "old");
  CHECK(names_in(folder.path) == std::set<std::string>{"config", "weights", "stale", "foreign"});
}
