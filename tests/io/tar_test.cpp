#include "../data/tar_file.hpp"

#include <clip/io/bytes.hpp>
#include <clip/io/tar.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace clip;

namespace {
auto parse(const std::string& archive) { return try_parse_tar(as_byte_span(archive), "x.tar"); }
}  // namespace

TEST_CASE("tar: files are read, folders are not") {
  const std::string archive =
      tar_entry("a/", "", '5') + tar_entry("a/one.txt", "1") + tar_entry("two", std::string(513, 'x')) + tar_end();
  const auto entries = parse(archive).value();
  REQUIRE(entries.size() == 2);
  CHECK(entries[0].name == "a/one.txt");
  CHECK(as_text(entries[0].content) == "1");
  CHECK(as_text(entries[1].content) == std::string(513, 'x'));
  CHECK(parse(tar_end()).value().empty());
}

TEST_CASE("tar: long names of GNU, of pax and of ustar") {
  const std::string name = std::string(150, 'd') + "/file.jpg", record = "path=" + name + "\n";
  const std::string pax = std::to_string(record.size() + 4) + ' ' + record;
  CHECK(parse(tar_entry("@LongLink", name + '\0', 'L') + tar_entry("cut", "x") + tar_end()).value()[0].name == name);
  CHECK(parse(tar_entry("header", pax, 'x') + tar_entry("cut", "x") + tar_end()).value()[0].name == name);
  CHECK(parse(tar_entry("file.jpg", "x", '0', std::string(150, 'd')) + tar_end()).value()[0].name == name);
}

TEST_CASE("tar: every truncation and every damaged byte of a header is an error") {
  const std::string whole = tar_entry("one", "1") + tar_end();
  for (std::size_t n = 0; n < whole.size() - 512; n += 1) {  // the second block of the end is padding
    if (n >= 513 && n < 1024) continue;                      // so is what follows a file
    CHECK(!parse(whole.substr(0, n)));
  }
  for (std::size_t i = 0; i < 512; ++i) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x41);
    const auto result = parse(damaged);
    if (result) continue;  // the terminator behind the checksum is not read
    CHECK(result.error().kind() == ErrorKind::load);
    CHECK(result.error().message().find("x.tar: tar: at byte 0") == 0);
  }
  CHECK(!parse("").has_value());
  CHECK(!parse(tar_entry("header", "9999 path=x\n", 'x') + tar_end()).has_value());
}
