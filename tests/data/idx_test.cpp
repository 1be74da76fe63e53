#include <clip/data/idx.hpp>

#include "../io/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <string>
#include <vector>

using namespace clip;

namespace {
std::string idx(const std::vector<std::uint32_t>& shape, const std::string& values, char type = 8) {
  std::string all{'\0', '\0', type, static_cast<char>(shape.size())};
  for (const std::uint32_t extent : shape) {
    all.resize(all.size() + 4);
    store_big(reinterpret_cast<std::byte*>(all.data() + all.size() - 4), extent);
  }
  return all + values;
}
Result<IdxArray> parse(const std::string& text) { return try_parse_idx(as_byte_span(text), "x.idx"); }
}  // namespace

TEST_CASE("idx: shape and bytes are read") {
  const auto a = parse(idx({2, 3}, "abcdef"));
  REQUIRE(a);
  CHECK(a->shape == std::vector<Index>{2, 3});
  CHECK(std::string(a->bytes.begin(), a->bytes.end()) == "abcdef");
  CHECK(parse(idx({0, 28, 28}, ""))->bytes.empty());
  CHECK(parse(idx({1, 1, 1, 1}, "x"))->shape.size() == 4);
}

TEST_CASE("idx: every truncation, and every trailing byte, is an error") {
  const std::string whole = idx({2, 3}, "abcdef");
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const auto result = parse(whole.substr(0, n));
    REQUIRE(!result);
    CHECK(result.error().kind() == ErrorKind::load);
  }
  CHECK(parse(whole.substr(0, 10)).error().message() ==
        "x.idx: idx: truncated: bytes of header: expected 12, found 10");
  CHECK(parse(whole.substr(0, 15)).error().message() == "x.idx: idx: truncated: bytes of values: expected 6, found 3");
  CHECK(parse(whole + "g").error().message() == "x.idx: idx: trailing bytes: bytes of values: expected 6, found 7");
}

TEST_CASE("idx: other files, other types and absurd sizes are errors") {
  CHECK(parse("PK\x03\x04 and so on").error().message().find("x.idx: not an IDX file") == 0);
  CHECK(!parse(idx({}, "")));
  CHECK(parse(idx({1}, "abcd", 0x0D)).error().message() == "x.idx: idx: element type: expected 8 (bytes), found 13");
  CHECK(!parse(idx({0xFFFFFFFF, 0xFFFFFFFF}, "x")));
  CHECK(!parse(idx({0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF}, "x")));
  CHECK(!parse(idx({0x80000000, 0x80000000, 4}, "")));
}

TEST_CASE("idx: an error names the file") {
  const TemporaryFolder folder;
  put(folder / "a", idx({3}, "abc"));
  CHECK(read_idx(folder / "a").bytes.size() == 3);
  put(folder / "b", std::string("\x1F\x8B\x08\0\0\0", 6));
  CHECK(try_read_idx(folder / "b").error().place() == folder / "b");
  CHECK(try_read_idx(folder / "c").error().place() == folder / "c");
}

TEST_CASE("idx: the Fashion-MNIST test set is read correctly, image by image") {
  const char* const data = std::getenv("CLIP_FASHION_MNIST");
  if (data == nullptr) {
    MESSAGE("skipped: the Fashion-MNIST test set is there: CLIP_FASHION_MNIST is not set");
    return;
  }
  const IdxArray images = read_idx(std::string(data) + "/t10k-images-idx3-ubyte.gz"),
                 labels = read_idx(std::string(data) + "/t10k-labels-idx1-ubyte.gz");
  CHECK(images.shape == std::vector<Index>{10000, 28, 28});
  CHECK(crc32(std::as_bytes(std::span{images.bytes})) == 0x12728439U);
  CHECK(labels.shape == std::vector<Index>{10000});
  CHECK(crc32(std::as_bytes(std::span{labels.bytes})) == 0x242BC73FU);
  CHECK(labels.bytes[0] == 9);
}
