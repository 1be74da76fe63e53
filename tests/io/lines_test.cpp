#include <clip/io/lines.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "temporary_folder.hpp"

using namespace clip;

namespace {
using Lines = std::vector<std::string>;

std::string error_of(std::string_view text) {
  const auto lines = try_parse_lines(text, "labels.txt");
  return lines ? "no error" : lines.error().message();
}
}  // namespace

TEST_CASE("lines end with LF or CR LF, and the last with either or nothing") {
  CHECK(*try_parse_lines("cat\ndog\n", "x") == Lines{"cat", "dog"});
  CHECK(*try_parse_lines("cat\r\ndog\r\n", "x") == Lines{"cat", "dog"});
  CHECK(*try_parse_lines("cat\ndog", "x") == Lines{"cat", "dog"});
}

TEST_CASE("what stands in a line stays as it is, spaces and all") {
  CHECK(*try_parse_lines(" a  b \n\xC3\xA9\n", "x") == Lines{" a  b ", "\xC3\xA9"});
}

TEST_CASE("a byte order mark is no part of the first line") {
  CHECK(*try_parse_lines("\xEF\xBB\xBFgato\n", "x") == Lines{"gato"});
}

TEST_CASE("empty lines at the end are nothing; between others one is an error that says where, for line i is entry i") {
  CHECK(*try_parse_lines("cat\ndog\n\n \n\r\n", "x") == Lines{"cat", "dog"});
  CHECK(error_of("cat\n\ndog\n") == "labels.txt: line 2: empty");
  CHECK(error_of("\ncat\n") == "labels.txt: line 1: empty");
  CHECK(error_of("cat\ndog\n \t\n\nbird") == "labels.txt: line 3: empty");
}

TEST_CASE("no lines, or bytes that are no text, are an error") {
  CHECK(error_of("") == "labels.txt: no lines");
  CHECK(error_of("\n\n") == "labels.txt: no lines");
  CHECK(error_of(std::string_view("cat\nd\0g\n", 8)) == "labels.txt: line 2: a zero byte: expected UTF-8 text");
}

TEST_CASE("a file's lines; a missing file is named") {
  const TemporaryFolder folder;
  put(folder / "labels.txt", "cat\ndog\n");
  CHECK(lines(folder / "labels.txt") == Lines{"cat", "dog"});
  CHECK(try_lines(folder / "none.txt").error().message().starts_with(folder / "none.txt: no such file"));
}
