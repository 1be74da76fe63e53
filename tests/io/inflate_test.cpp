#include <clip/io/file_budget.hpp>
#include <clip/io/inflate.hpp>
#include <clip/io/inflate_stb.hpp>

#include "temporary_folder.hpp"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

using namespace clip;

// Both inflaters, if both are available: they must agree.
#if defined(CLIP_HAS_ZLIB) && CLIP_HAS_ZLIB
#define INFLATERS detail::StbInflate, detail::ZlibInflate
#else
#define INFLATERS detail::StbInflate
#endif

namespace {
using Bytes = std::vector<std::byte>;

Bytes bytes_of(std::initializer_list<int> values) {
  Bytes result;
  for (int v : values) result.push_back(static_cast<std::byte>(v));
  return result;
}
Bytes joined(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}
void append32(Bytes& out, std::uint32_t value) {
  out.resize(out.size() + 4);
  store_little(out.data() + out.size() - 4, value);
}

/// "a photo of a cat, a photo of a dog; " six times.
std::string text() {
  std::string all;
  for (int i = 0; i < 6; ++i) all += "a photo of a cat, a photo of a dog; ";
  return all;
}
Bytes deflated() {
  return bytes_of({0x4B, 0x54, 0x28, 0xC8, 0xC8, 0x2F, 0xC9, 0x57, 0xC8, 0x4F, 0x53, 0x48, 0x54, 0x48, 0x4E, 0x2C,
                   0xD1, 0x01, 0x52, 0x48, 0x22, 0x29, 0xF9, 0xE9, 0xD6, 0xA8, 0x22, 0x43, 0x44, 0x0D, 0x00});
}
Bytes trailer(std::string_view content) {
  Bytes out;
  append32(out, crc32(as_byte_span(content)));
  append32(out, static_cast<std::uint32_t>(content.size()));
  return out;
}
const Bytes plain_header = bytes_of({0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3});
/// A header with extra field, name, comment and its own checksum.
const Bytes full_header = bytes_of({0x1F, 0x8B, 8,   0x1E, 0,   0, 0,   0,   0,   3,   3, 0,    'a', 'b',
                                    'c',  'n',  'a', 'm',  'e', 0, 'n', 'o', 't', 'e', 0, 0x00, 0x8A});

Bytes gzipped(const Bytes& header = plain_header) { return joined(joined(header, deflated()), trailer(text())); }

/// A deflate stream of stored blocks.
Bytes stored(std::string_view content, std::size_t block) {
  Bytes out;
  do {
    const std::string_view part = content.substr(0, block);
    content.remove_prefix(part.size());
    out.push_back(static_cast<std::byte>(content.empty()));
    out.resize(out.size() + 4);
    store_little(out.data() + out.size() - 4, static_cast<std::uint16_t>(part.size()));
    store_little(out.data() + out.size() - 2, static_cast<std::uint16_t>(~part.size()));
    for (char c : part) out.push_back(static_cast<std::byte>(c));
  } while (!content.empty());
  return out;
}
}  // namespace

TEST_CASE_TEMPLATE("gunzip reads members with the shortest and with the longest header", I, INFLATERS) {
  CHECK(as_text(gunzip<I>(gzipped(), "a.gz")) == text());
  CHECK(as_text(gunzip<I>(gzipped(full_header), "a.gz")) == text());
}

TEST_CASE_TEMPLATE("gunzip joins several members, including empty ones", I, INFLATERS) {
  const Bytes empty = joined(joined(plain_header, bytes_of({3, 0})), trailer(""));
  const Bytes all = joined(joined(joined(gzipped(), empty), gzipped(full_header)), empty);
  CHECK(as_text(gunzip<I>(all, "a.gz")) == text() + text());
}

TEST_CASE_TEMPLATE("gunzip of stored blocks returns their bytes, for every length", I, INFLATERS) {
  std::mt19937 random{3};
  for (std::size_t size : {0U, 1U, 7U, 1000U, 65535U, 65536U, 300'000U}) {
    std::string content(size, '\0');
    for (char& c : content) c = static_cast<char>(random());
    for (std::size_t block : {1000U, 65535U}) {
      const Bytes stream = stored(content, block);
      CHECK(as_text(*try_inflate<I>(stream, size, "x")) == content);
      CHECK(as_text(gunzip<I>(joined(joined(plain_header, stream), trailer(content)), "x")) == content);
    }
  }
}

TEST_CASE_TEMPLATE("gunzip: every truncation is an error that names the file", I, INFLATERS) {
  const Bytes whole = gzipped(full_header);
  for (std::size_t n = 0; n < whole.size(); ++n) {
    CAPTURE(n);
    const auto result = try_gunzip<I>(std::span{whole}.first(n), "a.gz");
    REQUIRE(!result);
    CHECK(result.error().kind() == ErrorKind::load);
    CHECK(result.error().message().find("a.gz: gzip member 0") == 0);
  }
}

TEST_CASE_TEMPLATE("gunzip: every flipped bit after the header is an error or leaves the text unchanged", I,
                   INFLATERS) {
  const Bytes whole = gzipped();
  for (std::size_t i = plain_header.size(); i < whole.size(); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      Bytes changed = whole;
      changed[i] ^= static_cast<std::byte>(1 << bit);
      const auto result = try_gunzip<I>(changed, "a.gz", 1'000'000);
      CHECK((!result || as_text(*result) == text()));
    }
}

TEST_CASE_TEMPLATE("gunzip: a missing header, trailing bytes, a wrong length and too much output are errors", I,
                   INFLATERS) {
  CHECK(!try_gunzip<I>(as_byte_span("this is not gzip at all"), "x"));
  CHECK(!try_gunzip<I>(joined(gzipped(), bytes_of({0})), "x"));
  CHECK(!try_gunzip<I>(joined(gzipped(), bytes_of({'m', 'o', 'r', 'e'})), "x"));
  Bytes length = gzipped();
  length[length.size() - 1] = std::byte{1};
  CHECK(try_gunzip<I>(length, "x").error().message().find("its length differs") != std::string::npos);
  Bytes flags = gzipped();
  flags[3] = std::byte{0x20};  // reserved
  CHECK(!try_gunzip<I>(flags, "x"));
  CHECK(try_gunzip<I>(gzipped(), "x", 216));
  CHECK(try_gunzip<I>(gzipped(), "x", 215).error().message().find("more than 215 bytes") != std::string::npos);
}

TEST_CASE_TEMPLATE("inflate accepts exactly one stream of exactly the stated size", I, INFLATERS) {
  CHECK(as_text(*try_inflate<I>(deflated(), 216, "x")) == text());
  CHECK(!try_inflate<I>(deflated(), 215, "x"));
  CHECK(!try_inflate<I>(deflated(), 217, "x"));
  CHECK(!try_inflate<I>(joined(deflated(), bytes_of({0})), 216, "x"));
  const Bytes whole = deflated();
  for (std::size_t n = 0; n < whole.size(); ++n) CHECK(!try_inflate<I>(std::span{whole}.first(n), 216, "x"));
}

TEST_CASE_TEMPLATE("inflate of random bytes returns an error or a value and never crashes", I, INFLATERS) {
  std::mt19937 random{11};
  int errors = 0;
  for (int round = 0; round < 3000; ++round) {
    Bytes noise(random() % 200);
    for (std::byte& b : noise) b = static_cast<std::byte>(random());
    errors += !try_inflate<I>(noise, 1000, "noise");
  }
  CHECK(errors > 2900);
}

TEST_CASE("read_file decompresses gzip files and returns other files unchanged") {
  const TemporaryFolder folder;
  const Bytes packed = gzipped();
  put(folder / "a.gz", std::string(as_text(packed)));
  put(folder / "a.txt", "plain");
  CHECK(as_text(read_file(folder / "a.gz")) == text());
  CHECK(as_text(read_file(folder / "a.txt")) == "plain");
  CHECK(!try_read_file(folder / "none"));
}

TEST_CASE_TEMPLATE("the published vocabulary decompresses to its original bytes", I, INFLATERS) {
  CLIP_TEST_DATA_OR_RETURN(data, "vocabulary inflates");
  const auto vocabulary = read_file<I>(std::string(data) + "/bpe_simple_vocab_16e6.txt.gz");
  CHECK(vocabulary.size() == 3'194'984);
  CHECK(crc32(vocabulary) == 0xE7F18A90U);
}

TEST_CASE_TEMPLATE("gunzip: content beyond the budget of the file is an error", I, INFLATERS) {
  set_file_budget({.factor = 1, .least = 215, .most = 1000});
  const auto result = try_gunzip<I>(gzipped(), "x.gz");
  set_file_budget({.factor = 1, .least = 216, .most = 1000});
  const bool fits = try_gunzip<I>(gzipped(), "x.gz").has_value();
  set_file_budget({});
  CHECK(fits);
  REQUIRE(!result);
  CHECK(result.error().id() == "clip.load.budget");
  CHECK(result.error().message() ==
        "x.gz: its inflated content takes more than 215 bytes, the budget of a file of this "
        "size (set_file_budget)");
}

TEST_CASE_TEMPLATE("a distance code that deflate does not have copies nothing from memory", Inflate, INFLATERS) {
  // A block of fixed codes: the byte 'a', then copies of length 3 at distance code 30, the first of the two that no
  // encoder writes.
  Bytes stream;
  int used = 8;
  const auto put = [&](unsigned bits, int count) {  // the highest first, as codes are
    while (count-- > 0) {
      if (used == 8) stream.push_back(std::byte{0});
      used %= 8;
      stream.back() |= static_cast<std::byte>((bits >> count & 1U) << used++);
    }
  };
  put(0b110, 3);  // the last block, fixed codes
  put(0x30 + 'a', 8);
  for (int i = 0; i < 21; ++i) {
    put(0b0000001, 7);
    put(30, 5);
  }
  put(0, 7);
  for (int i = 0; i < 3; ++i) {
    std::vector<Bytes> dirty(8, Bytes(65, std::byte{0xA5}));  // freed before the decoder allocates
    dirty.clear();
    const auto out = try_inflate<Inflate>(stream, 64, "x");
    if (out) CHECK(*out == joined(bytes_of({'a'}), Bytes(63)));
  }
}
