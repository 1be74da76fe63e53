#include <clip/io/atomic_file.hpp>
#include <clip/io/bytes.hpp>

#include "temporary_folder.hpp"

#include <doctest/doctest.h>

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <csignal>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <utility>

using namespace clip;

namespace {
/// A file whose last four bytes are the checksum of the others; versions differ in size and content.
std::string version(unsigned number) {
  std::string text(20'000 + number % 7 * 100'000, '\0');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>((i * 31 + number * 17) >> 3);
  std::string crc(4, '\0');
  store_little(reinterpret_cast<std::byte*>(crc.data()), crc32(as_byte_span(text)));
  return text + crc;
}
bool complete(const std::string& text) {
  if (text.size() < 4) return false;
  const std::string_view all = text;
  return crc32(as_byte_span(all.substr(0, all.size() - 4))) ==
         load_little<std::uint32_t>(as_byte_span(all).data() + all.size() - 4);
}
}  // namespace

TEST_CASE("atomic file: after commit the target has exactly the written bytes") {
  const TemporaryFolder folder;
  std::string expected;
  AtomicFile file = AtomicFile::create(folder / "a");
  for (int i = 0; i < 40; ++i) {  // below, at and above the size of the buffer
    const std::string piece(static_cast<std::size_t>(i) * 9'973, static_cast<char>('a' + i % 26));
    file.write(as_byte_span(piece));
    expected += piece;
  }
  AtomicFile moved = std::move(file);
  CHECK(!std::filesystem::exists(folder / "a"));
  moved.commit();
  CHECK(get(folder / "a") == expected);
  CHECK(folder.entries() == 1);
}

TEST_CASE("atomic file: without commit the target does not change, and the temporary file is deleted") {
  const TemporaryFolder folder;
  put(folder / "a", "old");
  {
    AtomicFile file = AtomicFile::create(folder / "a");
    file.write(as_byte_span(std::string(1'000'000, 'x')));
    CHECK(folder.entries() == 2);
  }
  CHECK(get(folder / "a") == "old");
  CHECK(folder.entries() == 1);
}

TEST_CASE("atomic file: write and commit after commit are errors") {
  const TemporaryFolder folder;
  AtomicFile file = AtomicFile::create(folder / "a");
  file.commit();
  CHECK(!file.try_commit());
  CHECK(!file.try_write(as_byte_span(std::string(1'000'000, 'x'))));
  CHECK(get(folder / "a").empty());
}

TEST_CASE("atomic file: a replaced file keeps its permissions, a link is followed") {
  const TemporaryFolder folder;
  put(folder / "a", "old");
  std::filesystem::permissions(folder / "a", std::filesystem::perms{0640});
  std::filesystem::create_symlink("a", folder / "link");
  write_file(folder / "link", as_byte_span("new"));
  CHECK(std::filesystem::is_symlink(folder / "link"));
  CHECK(get(folder / "a") == "new");
  CHECK(std::filesystem::status(folder / "a").permissions() == std::filesystem::perms{0640});
}

TEST_CASE("atomic file: a second writer of the same file gets an error until the first has finished") {
  const TemporaryFolder folder;
  std::optional<AtomicFile> first = AtomicFile::create(folder / "a");
  first->write(as_byte_span("first"));
  const auto second = AtomicFile::try_create(folder / "a");
  REQUIRE(!second);
  CHECK(second.error().kind() == ErrorKind::system);
  CHECK(second.error().message().find("another process is writing it") != std::string::npos);
  first->commit();
  first.reset();
  write_file(folder / "a", as_byte_span("second"));
  CHECK(get(folder / "a") == "second");
}

TEST_CASE("atomic file: the temporary file of a killed process is overwritten") {
  const TemporaryFolder folder;
  put(folder / ".a.partial", std::string(100'000, 'x'));
  write_file(folder / "a", as_byte_span("short"));
  CHECK(get(folder / "a") == "short");
  CHECK(folder.entries() == 1);
}

TEST_CASE("atomic file: a path that cannot be written is an error with the path and the system's message") {
  const TemporaryFolder folder;
  const auto missing = try_write_file(folder / "no/such/a", {});
  REQUIRE(!missing);
  CHECK(missing.error().kind() == ErrorKind::system);
  CHECK(missing.error().message().find(folder / "no/such/a") == 0);
  CHECK(missing.error().message().find("No such file") != std::string::npos);
  CHECK(!try_write_file(folder.path, {}));
  CHECK(!try_write_file(folder / "", {}));
  CHECK(!try_write_file("", {}));
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  CHECK(!try_write_file(folder / "pipe", as_byte_span("x")));
  CHECK(std::filesystem::is_fifo(folder / "pipe"));
  CHECK(folder.entries() == 1);
}

TEST_CASE("atomic file: a full disk is an error, the old file stays and no temporary file remains") {
  const TemporaryFolder folder;
  put(folder / "a", "old");
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{300'000, 300'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const std::string large(1'000'000, 'x'), small(10'000, 'x');
    bool good = false;
    if (auto file = AtomicFile::try_create(folder / "a")) {
      Result<void> first;
      for (int i = 0; i < 100 && first; ++i) first = file->try_write(as_byte_span(small));
      const auto again = file->try_write(as_byte_span(small)), commit = file->try_commit();
      good = !first && first.error().kind() == ErrorKind::system &&
             first.error().message() == (folder / "a") + ": writing failed: File too large" && !again && !commit;
    }
    ::_exit(good && !try_write_file(folder / "a", as_byte_span(large)) ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(get(folder / "a") == "old");
  CHECK(folder.entries() == 1);
}

TEST_CASE("atomic file: after a kill at any moment the file is one of the complete versions") {
  const TemporaryFolder folder;
  const std::string path = folder / "a";
  std::mt19937 random{7};
  unsigned changed = 0;
  put(path, version(0));
  for (int round = 0; round < 60; ++round) {
    const std::string before = get(path);
    int ready[2];
    REQUIRE(::pipe(ready) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      for (unsigned number = static_cast<unsigned>(round) + 1;; ++number) {
        if (!try_write_file(path, as_byte_span(version(number)))) ::_exit(1);
        if (::write(ready[1], "x", 1) != 1) ::_exit(2);
      }
    }
    char one = 0;
    ::close(ready[1]);
    REQUIRE(::read(ready[0], &one, 1) == 1);  // at least one save has finished
    ::usleep(static_cast<useconds_t>(random() % 8'000));
    ::kill(child, SIGKILL);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    ::close(ready[0]);
    CHECK(WIFSIGNALED(status));
    const std::string after = get(path);
    CHECK(complete(after));
    changed += after != before;
    CHECK(folder.entries() <= 2);
  }
  CHECK(changed > 30);
  write_file(path, as_byte_span("done"));
  CHECK(get(path) == "done");
  CHECK(folder.entries() == 1);
}

TEST_CASE("atomic file: names of every length that the system takes") {
  const TemporaryFolder folder;
  for (const std::size_t length : {245U, 246U, 247U, 255U}) {
    const std::string name(length, 'n');
    CAPTURE(length);
    {
      const auto first = AtomicFile::try_create(folder / name);
      REQUIRE(first);
      CHECK(folder.entries() == 1);
      CHECK(AtomicFile::try_create(folder / name).error().id() == "clip.system.locked");
      auto other = AtomicFile::try_create(folder / (name.substr(0, length - 1) + "x"));
      CHECK(other);
    }
    write_file(folder / name, as_byte_span(name));
    CHECK(get(folder / name) == name);
    CHECK(folder.entries() == 1);
    std::filesystem::remove(folder / name);
  }
  CHECK(!try_write_file(folder / std::string(256, 'n'), {}));
  CHECK(folder.entries() == 0);
}
