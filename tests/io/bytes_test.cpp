#include <clip/io/bytes.hpp>

#include <doctest/doctest.h>

#include <array>
#include <string>

using namespace clip;

TEST_CASE("bytes: a number stored in either byte order is loaded back, and each byte has its place") {
  std::array<std::byte, 8> b{};
  store_little<std::uint64_t>(b.data(), 0x0102030405060708ULL);
  CHECK(b[0] == std::byte{8});
  CHECK(b[7] == std::byte{1});
  CHECK(load_little<std::uint64_t>(b.data()) == 0x0102030405060708ULL);
  CHECK(load_big<std::uint64_t>(b.data()) == 0x0807060504030201ULL);
  store_big<std::uint16_t>(b.data(), 0xFFFE);
  CHECK(b[0] == std::byte{0xFF});
  CHECK(load_big<std::uint16_t>(b.data()) == 0xFFFE);
  store_big<std::uint32_t>(b.data(), 0x80000001U);
  CHECK(load_big<std::uint32_t>(b.data()) == 0x80000001U);
  store_little<std::uint32_t>(b.data(), 0xFEDCBA98U);
  CHECK(load_little<std::uint32_t>(b.data()) == 0xFEDCBA98U);
}

TEST_CASE("crc32 has the published check value, at compile time too") {
  CHECK(crc32(as_byte_span("123456789")) == 0xCBF43926U);
  CHECK(crc32({}) == 0);
  constexpr std::array<std::byte, 3> abc{std::byte{'a'}, std::byte{'b'}, std::byte{'c'}};
  static_assert(crc32(abc) == 0x352441C2U);
}

TEST_CASE("crc32 of a text in two pieces equals that of the whole, for every split") {
  const std::string text = "the quick brown fox jumps over the lazy dog";
  for (std::size_t cut = 0; cut <= text.size(); ++cut)
    CHECK(crc32(as_byte_span(text.substr(cut)), crc32(as_byte_span(text.substr(0, cut)))) == crc32(as_byte_span(text)));
}
