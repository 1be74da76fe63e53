#include <clip/io/atomic_file.hpp>
#include <clip/io/mapped_file.hpp>
#include <clip/io/mapped_ranges.hpp>

#include "temporary_folder.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <string>
#include <utility>

using namespace clip;

namespace {

/// Runs `work` in a child whose standard error goes to a file; returns the status that waitpid gives.
template <class Work>
int in_child(const std::string& errors, const Work& work) {
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    const int file = ::open(errors.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ::dup2(file, STDERR_FILENO);
    ::signal(SIGBUS, SIG_DFL);  // doctest handles it
    work();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

/// Maps 1 MB, truncates the file and reads behind its new end.
void read_beyond(const std::string& path) {
  put(path, std::string(1 << 20, 'x'));
  MappedFile first = map_file(path);
  const MappedFile file = std::move(first);
  std::filesystem::resize_file(path, 100);
  static_cast<void>(*const_cast<const volatile std::byte*>(file.bytes().data() + (1 << 19)));
}

}  // namespace

TEST_CASE("a mapped file that shrinks ends a guarded program with its name and status 1, and without partial files") {
  const TemporaryFolder folder;
  const int status = in_child(folder / "errors", [&] {
    guard_mapped_files();
    const AtomicFile out = AtomicFile::create(folder / "out");
    read_beyond(folder / "weights");
  });
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 1);
  CHECK(get(folder / "errors") ==
        "clip: " + (folder / "weights") + ": became shorter while it was in use: another process truncated it\n");
  CHECK_FALSE(std::filesystem::exists(folder / ".out.partial"));
}

TEST_CASE("a program that does not ask for the guard keeps the system's signal, and so do faults elsewhere") {
  const TemporaryFolder folder;
  const int unguarded = in_child(folder / "errors", [&] { read_beyond(folder / "weights"); });
  CHECK(WIFSIGNALED(unguarded));
  CHECK(WTERMSIG(unguarded) == SIGBUS);
  const int elsewhere = in_child(folder / "errors", [&] {
    guard_mapped_files();
    guard_mapped_files();
    { const MappedFile gone = map_file(folder / "weights"); }
    ::raise(SIGBUS);
  });
  CHECK(WIFSIGNALED(elsewhere));
  CHECK(WTERMSIG(elsewhere) == SIGBUS);
  CHECK(get(folder / "errors").empty());
}
