#include <clip/image/decode/tga.hpp>

#include "../../support/filled_memory.hpp"
#include "bmp_files.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace clip;

namespace {
using Values = std::vector<int>;

Result<Image> decoded(const std::string& file) { return TgaDecoder::decode(as_byte_span(file), "x.tga"); }
Values values(const Image& image) {
  return {image.row(0), image.row(0) + image.height() * image.width() * image.channels()};
}

struct TgaFile {
  int type = 2, bits = 24, width = 1, height = 1, flags = 0x20;  // the top row first
  std::string pixels = {};
  int first_color = 0, colors = 0, map_bits = 0;
  std::string palette = {};
  std::string name = {};
  int map = -1;  // -1: as the type needs

  std::string bytes() const {
    std::string file = bytes_of({static_cast<int>(name.size()), map >= 0 ? map : (type & 7) == 1 ? 1 : 0, type});
    for (const int field : {first_color, colors}) file += little(static_cast<unsigned>(field), 2);
    file += bytes_of({map_bits, 0, 0, 0, 0});
    for (const int field : {width, height}) file += little(static_cast<unsigned>(field), 2);
    return file + bytes_of({bits, flags}) + name + palette + pixels;
  }
};

/// Bytes of pixels that all differ.
std::string some(std::size_t n) {
  std::string all;
  for (std::size_t i = 0; i < n; ++i) all += static_cast<char>(37 * i + 11);
  return all;
}
int some_at(int i) { return (37 * i + 11) & 255; }
}  // namespace

TEST_CASE("TGA: pixels of every kind, rows in every direction") {
  constexpr int width = 3, height = 2;
  struct Kind {
    int type, bits;
    Pixels pixels;
    std::vector<int> bytes;  // the bytes of a stored pixel that give red, green, blue, alpha; or grey
  };
  for (const Kind& kind : {Kind{2, 24, Pixels::rgb, {2, 1, 0}}, Kind{2, 32, Pixels::rgba, {2, 1, 0, 3}},
                           Kind{3, 8, Pixels::gray, {0}}, Kind{3, 16, Pixels::rgba, {0, 0, 0, 1}}})
    for (const int direction : {0, 0x10, 0x20, 0x30})
      for (const char* name : {"", "a name"})
        for (const bool runs : {false, true}) {
          CAPTURE(kind.bits);
          CAPTURE(direction);
          const auto each = static_cast<std::size_t>(kind.bits / 8);
          std::string pixels = some(each * width * height);
          if (runs) pixels = "\5" + pixels;  // six single pixels, beyond the end of the row
          const Image image = decoded(TgaFile{.type = kind.type + (runs ? 8 : 0),
                                              .bits = kind.bits,
                                              .width = width,
                                              .height = height,
                                              .flags = direction,
                                              .pixels = pixels,
                                              .name = name}
                                          .bytes())
                                  .value();
          CHECK(image.pixels() == kind.pixels);
          CHECK(!image.palette());
          Values expected;
          for (int y = 0; y < height; ++y)
            for (int x = 0; x < width; ++x) {
              const int row = (direction & 0x20) != 0 ? y : height - 1 - y,
                        column = (direction & 0x10) != 0 ? width - 1 - x : x;
              for (const int byte : kind.bytes)
                expected.push_back(some_at((row * width + column) * static_cast<int>(each) + byte));
            }
          CHECK(values(image) == expected);
        }
}

TEST_CASE("TGA: palettes; colours that the file does not define are black") {
  const std::string index = bytes_of({0, 1, 2, 3, 4, 255});
  for (const int each : {3, 4})
    for (const int first : {0, 2}) {
      const TgaFile file{.type = 1,
                         .bits = 8,
                         .width = 6,
                         .pixels = index,
                         .first_color = first,
                         .colors = 2,
                         .map_bits = 8 * each,
                         .palette = some(static_cast<std::size_t>(2 * each))};
      const Image image = decoded(file.bytes()).value();
      CHECK(image.palette());
      Values expected;
      for (const int i : {0, 1, 2, 3, 4, 255})
        for (const int byte : {2, 1, 0})
          expected.push_back(i >= first && i < first + 2 ? some_at((i - first) * each + byte) : 0);
      CHECK(values(image) == expected);
      const auto [one, other] = testing::with_filled_memory([&] { return values(decoded(file.bytes()).value()); });
      CHECK(one == other);
    }
  const Image image = decoded(TgaFile{.type = 9,
                                      .bits = 8,
                                      .width = 3,
                                      .pixels = bytes_of({0x82, 1}),
                                      .colors = 2,
                                      .map_bits = 16,
                                      .palette = bytes_of({0, 0, 0x1F, 0x7C})}
                                  .bytes())
                          .value();
  CHECK(values(image) == Values{255, 0, 255, 255, 0, 255, 255, 0, 255});
}

TEST_CASE("TGA: every 16-bit pixel; black and white") {
  std::string pixels;
  Values expected;
  for (int v = 0; v < 65536; ++v) {
    pixels += bytes_of({v & 255, v >> 8});
    for (const int shift : {10, 5, 0}) expected.push_back((v >> shift & 31) * 255 / 31);
    expected.push_back(v < 32768 ? 255 : 0);
  }
  CHECK(values(decoded(TgaFile{.bits = 16, .width = 256, .height = 256, .pixels = pixels}.bytes()).value()) ==
        expected);
  const Image image =
      decoded(TgaFile{.type = 3, .bits = 1, .width = 9, .pixels = bytes_of({0xA0, 0x80})}.bytes()).value();
  CHECK(image.palette());
  CHECK(values(image) == Values{255, 0, 255, 0, 0, 0, 0, 0, 255});
}

TEST_CASE("TGA: the extension area may say that there is no alpha") {
  const auto alpha = [](int attributes, std::uint32_t position) {
    const std::string file = TgaFile{.bits = 32, .pixels = "\1\2\3\4"}.bytes();
    const std::string area = std::string(494, '\7') + static_cast<char>(attributes);
    const std::string footer = little(position, 4) + little(0, 4) + std::string("TRUEVISION-XFILE.\0", 18);
    return values(decoded(file + area + footer).value())[3];
  };
  CHECK(alpha(0, 22) == 255);
  CHECK(alpha(3, 22) == 4);
  CHECK(alpha(0, 0) == 4);
  CHECK(alpha(0, 1U << 31) == 4);
}

TEST_CASE("TGA: what the reference refuses is one sentence") {
  const auto message = [](const TgaFile& file) { return decoded(file.bytes()).error().message(); };
  CHECK(message({.type = 10, .width = 2, .height = 2, .pixels = bytes_of({0x82, 1, 2, 3, 0, 1, 2, 3})}) ==
        "x.tga: damaged image (a TGA run beyond the end of its row)");
  CHECK(message({.type = 10, .width = 2, .pixels = bytes_of({0x81, 1, 2})}) == "x.tga: truncated image");
  CHECK(message({.type = 10, .width = 2, .pixels = bytes_of({1, 1, 2, 3, 4})}) == "x.tga: truncated image");
  CHECK(message({.type = 1,
                 .bits = 8,
                 .pixels = "\1",
                 .first_color = 1,
                 .colors = 256,
                 .map_bits = 24,
                 .palette = some(768)}) == "x.tga: TGA: colours of the palette: expected at most 256, found 257");
  CHECK(message({.width = 9}) ==
        "x.tga: truncated image: size: expected at most the 6 pixels its bytes can hold, found 9 x 1");
}

TEST_CASE("TGA: a file is TGA if all fields of its header fit together; any part of one is an error") {
  const auto accepted = [](const TgaFile& file) { return TgaDecoder::reads(as_byte_span(file.bytes())); };
  for (const int runs : {0, 8}) {
    for (const int bits : {16, 24, 32}) CHECK(accepted({.type = 2 + runs, .bits = bits}));
    for (const int bits : {8, 16}) CHECK(accepted({.type = 3 + runs, .bits = bits}));
    for (const int bits : {16, 24, 32}) CHECK(accepted({.type = 1 + runs, .bits = 8, .colors = 9, .map_bits = bits}));
    CHECK(!accepted({.type = 2 + runs, .bits = 8}));
    CHECK(!accepted({.type = 3 + runs, .bits = 24}));
    CHECK(!accepted({.type = 1 + runs, .bits = 8, .colors = 9, .map_bits = 8}));
    CHECK(!accepted({.type = 1 + runs, .bits = 8, .map = 0}));
    CHECK(!accepted({.type = 2 + runs, .map = 2}));
    CHECK(!accepted({.type = 2 + runs, .width = 0}));
    CHECK(!accepted({.type = 2 + runs, .height = 0}));
  }
  CHECK(accepted({.type = 3, .bits = 1}));
  CHECK(!accepted({.type = 11, .bits = 1}));
  for (const int type : {0, 4, 12}) CHECK(!accepted({.type = type}));
  for (const TgaFile& file : {TgaFile{.width = 2, .pixels = some(6)},
                              TgaFile{.type = 10, .width = 3, .pixels = bytes_of({0x81, 1, 2, 3, 0, 4, 5, 6})},
                              TgaFile{.type = 1,
                              .bits = 8,
                              .width = 2,
                              .pixels = "\1\2",
                              .colors = 1,
                              .map_bits = 24,
                              .palette = "abc",
                              .name = "n"}}) {
    const std::string whole = file.bytes();
    REQUIRE(decoded(whole));
    for (std::size_t n = 0; n < whole.size(); ++n) CHECK(!decoded(whole.substr(0, n)));
  }
}
