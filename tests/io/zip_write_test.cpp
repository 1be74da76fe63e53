#include <clip/io/zip_write.hpp>

#include <clip/io/zip.hpp>

#include "temporary_folder.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>

using namespace clip;

namespace {

/// The checksum of a text.
std::uint32_t sum(const std::string& text) { return crc32(as_byte_span(text)); }

}  // namespace

TEST_CASE("zip: what the writer writes is read back, and equal contents are equal files") {
  const TemporaryFolder folder;
  const auto write = [](const std::string& path) {
    auto zip = ZipFileWriter::try_create(path).value();
    zip.try_begin("a/b.npy", 11, sum("hello hello")).value();
    zip.try_write(as_byte_span("hello ")).value();
    zip.try_write(as_byte_span("hello")).value();
    zip.try_begin("empty", 0, 0).value();
    zip.try_commit().value();
  };
  write(folder / "one.zip");
  write(folder / "two.zip");
  const std::string file = get(folder / "one.zip");
  CHECK(file == get(folder / "two.zip"));
  const ZipDirectory zip = try_parse_zip(as_byte_span(file), "x").value();
  REQUIRE(zip.entries().size() == 2);
  CHECK(as_text(zip.find("a/b.npy")->bytes) == "hello hello");
  CHECK(zip.find("a/b.npy")->checksum == sum("hello hello"));
  CHECK(zip.find("empty")->size == 0);
}

TEST_CASE("zip: more entries than 16 bits count have a zip64 end, and large sizes a zip64 field") {
  const TemporaryFolder folder;
  auto zip = ZipFileWriter::try_create(folder / "many.zip").value();
  for (int i = 0; i < 65'540; ++i) zip.try_begin(std::to_string(i), 0, 0).value();
  zip.try_commit().value();
  const std::string file = get(folder / "many.zip");
  CHECK(try_parse_zip(as_byte_span(file), "x").value().entries().size() == 65'540);

  const std::uint64_t large = 0x1'2345'6789, small = 7;
  CHECK(detail::zip64_field(small, small).empty());
  const std::string field = detail::zip64_field(small, large, large);
  CHECK(field.substr(0, 4) == std::string("\1\0\x10\0", 4));
  std::uint64_t size = small, packed = 0xFFFFFFFF, begin = 0xFFFFFFFF;
  CHECK(detail::widen_zip_entry(as_byte_span(field), size, packed, begin));
  CHECK(size == small);
  CHECK(packed == large);
  CHECK(begin == large);
}

TEST_CASE("zip: an entry has the bytes that it was begun with, or nothing is written") {
  const TemporaryFolder folder;
  const std::string path = folder / "x.zip";
  {
    auto zip = ZipFileWriter::try_create(path).value();
    zip.try_begin("a", 3, sum("abc")).value();
    zip.try_write(as_byte_span("ab")).value();
    CHECK(zip.try_begin("b", 0, 0).error().message() == path + ": zip: a: bytes missing: expected 0, found 1");
    CHECK(zip.try_write(as_byte_span("cd")).error().kind() == ErrorKind::input);
    zip.try_write(as_byte_span("d")).value();
    CHECK(zip.try_commit().error().message() == path + ": zip: a: other bytes than its checksum is of");
    CHECK_FALSE(zip.try_begin(std::string(70'000, 'n'), 0, 0));
  }
  CHECK(folder.entries() == 0);
}
