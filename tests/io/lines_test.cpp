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

TEST_CASE("lines end with LF or CR LF, and the last line with either or none") {
  CHECK(*try_parse_lines("cat\ndog\n", "x") == Lines{"cat", "dog"});
  CHECK(*try_parse_lines("cat\r\ndog\r\n", "x") == Lines{"cat", "dog"});
  CHECK(*try_parse_lines("cat\ndog", "x") == Lines{"cat", "dog"});
}

TEST_CASE("the content of a line is unchanged, including spaces") {
  CHECK(*try_parse_lines(" a  b \n\xC3\xA9\n", "x") == Lines{" a  b ", "\xC3\xA9"});
}

TEST_CASE("a byte order mark is not part of the first line") {
  CHECK(*try_parse_lines("\xEF\xBB\xBFgato\n", "x") == Lines{"gato"});
}

TEST_CASE("empty lines at the end are ignored; between other lines they are an error with the line number") {
  CHECK(*try_parse_lines("cat\ndog\n\n \n\r\n", "x") == Lines{"cat", "dog"});
  CHECK(error_of("cat\n\ndog\n") == "labels.txt: line 2: empty");
  CHECK(error_of("\ncat\n") == "labels.txt: line 1: empty");
  CHECK(error_of("cat\ndog\n \t\n\nbird") == "labels.txt: line 3: empty");
}

TEST_CASE("no lines, and bytes that are not text, are errors") {
  CHECK(error_of("") == "labels.txt: no lines");
  CHECK(error_of("\n\n") == "labels.txt: no lines");
  CHECK(error_of(std::string_view("cat\nd\0g\n", 8)) == "labels.txt: line 2: a zero byte: expected UTF-8 text");
}

TEST_CASE("lines() reads a file; the error of a missing file has its path") {
  const TemporaryFolder folder;
  put(folder / "labels.txt", "cat\ndog\n");
  CHECK(lines(folder / "labels.txt") == Lines{"cat", "dog"});
  CHECK(try_lines(folder / "none.txt").error().message().starts_with(folder / "none.txt: no such file"));
}
