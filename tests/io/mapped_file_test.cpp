#include <clip/io/bytes.hpp>
#include <clip/io/mapped_file.hpp>

#include "temporary_folder.hpp"

#include <doctest/doctest.h>

#include <utility>

using namespace clip;

TEST_CASE("mapped file: it has the bytes of the file, and a move keeps their address") {
  const TemporaryFolder folder;
  put(folder / "a", "hello");
  MappedFile a = map_file(folder / "a");
  const std::byte* const at = a.bytes().data();
  MappedFile b = std::move(a);
  CHECK(b.bytes().data() == at);
  CHECK(as_text(b.bytes()) == "hello");
  CHECK(b.path() == folder / "a");
  b = MappedFile{};
  CHECK(b.bytes().empty());
}

TEST_CASE("mapped file: an empty file has no bytes") {
  const TemporaryFolder folder;
  put(folder / "empty", "");
  CHECK(map_file(folder / "empty").bytes().empty());
}

TEST_CASE("mapped file: replacing the file does not change an existing mapping") {
  const TemporaryFolder folder;
  put(folder / "a", "old");
  const MappedFile a = map_file(folder / "a");
  put(folder / "b", "new!");
  std::filesystem::rename(folder / "b", folder / "a");
  CHECK(as_text(a.bytes()) == "old");
}

TEST_CASE("mapped file: the error of a missing file has the absolute path") {
  const auto relative = try_map_file("no-such-folder/no-such.bin");
  REQUIRE(!relative);
  CHECK(relative.error().kind() == ErrorKind::load);
  CHECK(relative.error().message() == "no-such-folder/no-such.bin: no such file (looked for " +
                                          std::filesystem::current_path().string() + "/no-such-folder/no-such.bin)");
}

TEST_CASE("mapped file: folders and pipes are refused without blocking") {
  const TemporaryFolder folder;
  CHECK(try_map_file(folder.path).error().message() == folder.path + ": expected a file, found a folder");
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  CHECK(try_map_file(folder / "pipe").error().message() == (folder / "pipe") + ": not a regular file");
}

TEST_CASE("mapped file: released pages are loaded again from the file, and other memory is not touched") {
  const TemporaryFolder folder;
  std::string text(1 << 18, 'x');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>('a' + i % 23);
  put(folder / "a", text);
  const MappedFile a = map_file(folder / "a");
  CHECK(as_text(a.bytes()) == text);
  a.release(a.bytes());
  a.release(a.bytes().subspan(5, 100));
  a.release(a.bytes().subspan(1000, 100'000));
  a.release({});
  const std::string mine = text;
  a.release(as_byte_span(mine));  // release() must not drop private memory
  CHECK(mine == text);
  CHECK(as_text(a.bytes()) == text);
}
