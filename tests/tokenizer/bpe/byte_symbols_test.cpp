#include <clip/tokenizer/bpe/byte_symbols.hpp>

#include <doctest/doctest.h>

TEST_CASE("bytes, symbols and characters map one to one") {
  for (int id = 0; id < 256; ++id) {
    const auto byte = clip::byte_of_symbol[static_cast<std::size_t>(id)];
    CHECK(clip::symbol_of_byte[byte] == id);
    CHECK(clip::symbol_of_character(clip::symbol_character(id)) == id);
  }
}

TEST_CASE("symbols are in the order of the published vocabulary") {
  static_assert(clip::symbol_character(0) == '!' && clip::symbol_character(1) == '"' &&
                clip::symbol_character(93) == '~');
  static_assert(clip::symbol_character(94) == 0xA1 && clip::symbol_character(187) == 0xFF &&
                clip::symbol_character(188) == 0x100);
  static_assert(clip::symbol_character(255) == 0x143);
  static_assert(clip::symbol_of_byte[0] == 188 && clip::symbol_of_byte[173] == 255 &&
                clip::symbol_of_byte[32] == 188 + 32);
  CHECK(clip::symbol_character(clip::symbol_of_byte[127]) == 0x121);
  CHECK(clip::symbol_character(clip::symbol_of_byte[128]) == 0x122);
  CHECK(clip::symbol_character(clip::symbol_of_byte[160]) == 0x142);
}

TEST_CASE("characters that represent no byte have no symbol") {
  for (const char32_t c : {U' ', U'\0', U'\x7F', U'\xA0', U'\xAD', U'\u0144', U'\u4E00', U'\U0010FFFF'})
    CHECK(clip::symbol_of_character(c) == -1);
}
