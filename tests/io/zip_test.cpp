#include <clip/io/zip.hpp>

#include "zip_writer.hpp"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

using namespace clip;

namespace {
Result<ZipDirectory> parse(const std::string& file) { return try_parse_zip(as_byte_span(file), "x.zip"); }

std::string message(const std::string& file) {
  const auto result = parse(file);
  REQUIRE(!result);
  CHECK(result.error().kind() == ErrorKind::load);
  CHECK(result.error().place() == "x.zip");
  return result.error().message().substr(std::string("x.zip: zip: ").size());
}
std::string content(const ZipEntry& entry) {
  return std::string(as_text(try_read_entry(entry, "x.zip").value().bytes));
}

ZipWriter two() { return {.entries = {{"a/data.pkl", "some bytes"}, {"a/data/0", "0123456789", true}}}; }
}  // namespace

TEST_CASE("zip: entries are found by name, stored ones in place, deflated ones inflated") {
  const std::string file = two().file();
  const ZipDirectory zip = parse(file).value();
  REQUIRE(zip.entries().size() == 2);
  CHECK(zip.entries()[0].name == "a/data.pkl");
  CHECK(content(zip.entries()[0]) == "some bytes");
  CHECK(as_text(zip.entries()[0].bytes).data() == file.data() + 40);
  CHECK(content(*zip.find("a/data/0")) == "0123456789");
  CHECK(zip.find("a/data/0")->size == 10);
  CHECK(zip.find("a/data") == nullptr);
  CHECK(is_zip(as_byte_span(file)));
  CHECK(!is_zip(as_byte_span("PK\1\2")));
  CHECK(!is_zip(as_byte_span("PK")));
}

TEST_CASE("zip: an extra field shifts the content, a comment after the directory has no effect") {
  ZipWriter zip = two();
  zip.entries[0].local_extra = "FB" + little(20, 2) + std::string(20, 'Z');
  for (const std::string& comment :
       {std::string(), std::string("hello"), "PK\5\6" + std::string(40, '\0'), std::string(65535, 'c')}) {
    zip.comment = comment;
    const std::string file = zip.file();
    const ZipDirectory read = parse(file).value();
    CHECK(content(*read.find("a/data.pkl")) == "some bytes");
    CHECK(content(*read.find("a/data/0")) == "0123456789");
  }
}

TEST_CASE("zip: 64-bit sizes and offsets are read, of the entries and of the directory") {
  for (const int which : {1, 2, 3}) {
    ZipWriter zip = two();
    zip.wide = (which & 1) != 0;
    for (auto& entry : zip.entries) entry.wide = (which & 2) != 0;
    const std::string file = zip.file();
    const ZipDirectory read = parse(file).value();
    CHECK(content(*read.find("a/data.pkl")) == "some bytes");
    CHECK(content(*read.find("a/data/0")) == "0123456789");
  }
}

TEST_CASE("zip: no entries and empty entries are fine") {
  const std::string none = ZipWriter{}.file(), empty = ZipWriter{.entries = {{"folder/", ""}, {"e", ""}}}.file();
  CHECK(parse(none).value().entries().empty());
  CHECK(content(*parse(empty).value().find("e")).empty());
}

TEST_CASE("zip: the error of a damaged directory states the reason") {
  const auto changed = [](auto change) {
    ZipWriter zip = two();
    change(zip);
    return message(zip.file());
  };
  CHECK(message("") == "truncated: no directory at the end");
  CHECK(message(two().file() + "x") == "truncated: no directory at the end");
  CHECK(changed([](auto& z) { z.count = 3; }) == "entries in the directory: expected 3, found 2");
  CHECK(changed([](auto& z) { z.count = 1; }) == "entries in the directory: expected 1, found 2");
  CHECK(changed([](auto& z) { z.entries[1].name = "a/data.pkl"; }) == "two entries are named a/data.pkl");
  CHECK(changed([](auto& z) { z.entries[0].flags = 1; }) == "a/data.pkl: encrypted");
  CHECK(changed([](auto& z) { z.entries[0].method = 12; }) ==
        "a/data.pkl: compression method: expected 0 (stored) or 8 (deflated), found 12");
  CHECK(changed([](auto& z) { z.entries[0].begin = 7; }) == "a/data.pkl: its header is not where the directory says");
  CHECK(changed([](auto& z) { z.entries[0].begin = 4'000'000'000; }) ==
        "a/data.pkl: its header is not where the directory says");
  CHECK(changed([](auto& z) { z.entries[0].packed = z.entries[0].size = 1000; }) ==
        "a/data.pkl: truncated, or longer than the file");
  CHECK(changed([](auto& z) { z.entries[0].size = 9; }) ==
        "a/data.pkl: stored, but its compressed and its full size differ");
  CHECK(changed([](auto& z) { z.entries[0].packed = z.entries[0].size = 60; }) == "two entries overlap");
  CHECK(changed([](auto& z) { z.entries[1].begin = 0; }) == "a/data/0: its header has another name");
  CHECK(message("x" + two().file()) == "the directory is not where its end says");
  std::string parts = two().file();
  parts[parts.size() - 18] = 1;
  CHECK(message(parts) == "one part of a multi-part archive");
}

TEST_CASE("zip: a small file cannot cause a large allocation") {
  ZipWriter zip = two();
  for (const long long size : {10'000'000'000LL, 100'000LL, 0x7FFFFFFFFFFFFFFFLL}) {
    zip.entries[1].size = size;
    zip.entries[1].wide = true;
    CHECK(message(zip.file()) == "a/data/0: inflates to more than any deflate stream can");
  }
}

TEST_CASE("zip: the size and the checksum of a deflated entry must match the directory") {
  ZipWriter zip = two();
  zip.entries[1].size = 11;
  const std::string longer = zip.file();
  CHECK(!try_read_entry(*parse(longer).value().find("a/data/0"), "x.zip"));
  zip.entries[1].size = 9;
  const std::string shorter = zip.file();
  CHECK(!try_read_entry(*parse(shorter).value().find("a/data/0"), "x.zip"));
  zip = two();
  zip.entries[1].checksum = 5;
  const std::string damaged = zip.file();
  CHECK(try_read_entry(*parse(damaged).value().find("a/data/0"), "x.zip").error().message() ==
        "x.zip: zip: a/data/0: damaged: its checksum differs");
}

TEST_CASE("zip: every truncation is an error, and no changed byte causes a crash") {
  ZipWriter writer = two();
  writer.entries[0].wide = writer.wide = true;
  std::mt19937 random{5};
  for (const std::string& whole : {two().file(), writer.file()}) {
    for (std::size_t n = 0; n < whole.size(); ++n) CHECK(!parse(whole.substr(0, n)));
    for (int round = 0; round < 5000; ++round) {
      std::string changed = whole;
      for (int k = 0; k < 1 + round % 3; ++k)
        changed[random() % changed.size()] = static_cast<char>(round % 2 ? random() : 0xFF);
      if (const auto zip = parse(changed))
        for (const ZipEntry& entry : zip->entries())
          if (const auto read = try_read_entry(entry, "x.zip")) CHECK(read->bytes.size() == entry.size);
    }
  }
}
