#include <clip/image/decode/bmp.hpp>
#include <clip/io/bytes.hpp>

#include "../../support/filled_memory.hpp"
#include "bmp_files.hpp"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

using namespace clip;

namespace {
using Values = std::vector<int>;

Result<Image> decoded(const std::string& file) { return BmpDecoder::decode(as_byte_span(file), "x.bmp"); }

Values values(const Image& image) {
  return {image.row(0), image.row(0) + image.height() * image.width() * image.channels()};
}
std::string message(const std::string& file) {
  const auto result = decoded(file);
  if (result) return "decoded";
  CHECK(result.error().kind() == ErrorKind::input);
  return result.error().message();
}

/// Some number below 2^24 for each pixel.
unsigned some(int x, int y) {
  return (static_cast<unsigned>(x) * 77777 + static_cast<unsigned>(y) * 1234567) & 0xFFFFFF;
}

int part(unsigned value, int byte) { return static_cast<int>(value >> (8 * byte) & 255); }

/// The pixels of an image by rule(x, y, append).
template <class Rule>
Values expected(int width, int height, const Rule& rule) {
  Values all;
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) rule(x, y, all);
  return all;
}

std::string palette_of(int colors, int each) {
  std::string palette;
  for (int i = 0; i < colors; ++i) palette += little(some(i, 3), static_cast<std::size_t>(each));
  return palette;
}
void add_color(Values& all, int index, int colors) {
  const unsigned color = index < colors ? some(index, 3) : 0;
  for (const int byte : {2, 1, 0}) all.push_back(part(color, byte));
}

/// A file of each kind, small.
std::vector<std::string> a_file_of_each_kind() {
  std::vector<std::string> files;
  for (const bool top_down : {false, true}) {
    for (const unsigned bits : {1U, 4U, 8U, 16U, 24U, 32U}) {
      const unsigned colors = bits > 8 ? 0 : bits == 8 ? 9 : 1U << bits;
      BmpFile file{.width = 7, .height = 5, .bits = bits, .top_down = top_down};
      file.named_colors = colors;
      file.palette = palette_of(static_cast<int>(colors), 4);
      file.pixels =
          bmp_rows(7, 5, bits, top_down, [&](int x, int y) { return some(x, y) % (std::uint64_t{1} << bits); });
      files.push_back(file.bytes());  // of 8 bits: with indices beyond the palette
      file.file_header = false;
      files.push_back(file.bytes());
    }
    for (const std::uint32_t compression : {1U, 2U}) {
      BmpFile runs{.width = 5, .height = 3, .bits = compression == 1 ? 8U : 4U, .compression = compression};
      runs.top_down = top_down;
      runs.named_colors = 3;
      runs.palette = palette_of(3, 4);
      runs.pixels = bytes_of({2, 0x12, 0, 3, 0x21, 0x12, 0x77, 0, 0, 0, 0, 2, 1, 1, 4, 0x99, 0, 0, 0, 1});
      files.push_back(runs.bytes());
    }
  }
  return files;
}
}  // namespace

TEST_CASE("BMP: headers of every version, with and without a file header, rows up and down") {
  constexpr int width = 5, height = 4;
  const Values pixels = expected(width, height, [](int x, int y, Values& all) {
    for (const int byte : {2, 1, 0}) all.push_back(part(some(x, y), byte));
  });
  for (const std::size_t header : {12U, 40U, 52U, 56U, 64U, 108U, 124U})
    for (const bool top_down : {false, true})
      for (const bool file_header : {false, true})
        for (const int start : {-1, 0}) {  // 0: at once after the header
          if (header == 12 && top_down) continue;
          CAPTURE(header);
          const Image image = decoded(BmpFile{.width = width,
                                              .height = height,
                                              .header = header,
                                              .pixels = bmp_rows(width, height, 24, top_down, some),
                                              .top_down = top_down,
                                              .file_header = file_header,
                                              .start = start}
                                          .bytes())
                                  .value();
          CHECK(image.width() == width);
          CHECK(image.height() == height);
          CHECK(image.pixels() == Pixels::rgb);
          CHECK(!image.palette());
          CHECK(values(image) == pixels);
        }
}

TEST_CASE("BMP: palettes of 1, 4 and 8 bits; colours that the file lacks are black") {
  for (const std::size_t header : {12U, 40U, 64U, 124U})
    for (const unsigned bits : {1U, 4U, 8U})
      for (const int width : {1, 7, 8, 9, 33})
        for (const int missing : {0, 1, 3}) {
          constexpr int height = 5;
          const int whole = 1 << bits, colors = whole - missing;
          if (colors < 1 || (header == 12 && missing > 0)) continue;
          CAPTURE(header);
          CAPTURE(bits);
          CAPTURE(colors);
          const auto index = [&](int x, int y) { return (some(x, y) >> 7) % static_cast<unsigned>(whole); };
          const BmpFile file{.width = width,
                             .height = height,
                             .header = header,
                             .bits = bits,
                             .named_colors = static_cast<std::uint32_t>(missing == 0 ? 0 : colors),
                             .palette = palette_of(colors, header == 12 ? 3 : 4),
                             .pixels = bmp_rows(width, height, bits, false, index)};
          const Image image = decoded(file.bytes()).value();
          CHECK(image.pixels() == Pixels::rgb);
          CHECK(image.palette());
          CHECK(values(image) == expected(width, height, [&](int x, int y, Values& all) {
                  add_color(all, static_cast<int>(index(x, y)), colors);
                }));
          BmpFile moved = file;  // the reference takes this position for the one after the palette
          moved.start = static_cast<int>(14 + header);
          CHECK(values(decoded(moved.bytes()).value()) == values(image));
        }
}

TEST_CASE("BMP: grey levels in order are grey, black and white are 1-bit, other greys are a palette") {
  const auto gray = [](int colors, int step) {
    std::string palette;
    for (int i = 0; i < colors; ++i) palette += bytes_of({i * step, i * step, i * step, 99});
    return palette;
  };
  const auto read = [](unsigned bits, std::string palette, int pixel) {
    return decoded(BmpFile{.bits = bits,
                           .named_colors = static_cast<std::uint32_t>(palette.size() / 4),
                           .palette = palette,
                           .pixels = bytes_of({pixel, 0, 0, 0})}
                       .bytes())
        .value();
  };
  for (const int colors : {3, 16, 256}) {
    const Image levels = read(8, gray(colors, 1), 200);
    CHECK(levels.pixels() == Pixels::gray);
    CHECK(!levels.palette());
    CHECK(values(levels) == Values{200});
  }
  for (const unsigned bits : {1U, 8U}) {  // the reference unpacks single bits, also from whole bytes
    const Image white = read(bits, gray(2, 255), 0x80), black = read(bits, gray(2, 255), 0x7F);
    CHECK(white.pixels() == Pixels::gray);
    CHECK(white.palette());
    CHECK(values(white) == Values{255});
    CHECK(values(black) == Values{0});
  }
  CHECK(read(8, gray(256, 2), 200).palette());
  CHECK(values(read(8, gray(3, 2), 2)) == Values{4, 4, 4});
  CHECK(read(1, gray(2, 100), 0).pixels() == Pixels::rgb);
}

TEST_CASE("BMP: every 16-bit pixel, 5-5-5 and 5-6-5") {
  const auto all_pixels =
      bmp_rows(256, 256, 16, false, [](int x, int y) { return static_cast<unsigned>(256 * y + x); });
  const auto read = [&](std::size_t header, std::uint32_t compression, std::vector<std::uint32_t> masks) {
    return values(decoded(BmpFile{.width = 256,
                                  .height = 256,
                                  .header = header,
                                  .bits = 16,
                                  .compression = compression,
                                  .masks = masks,
                                  .pixels = all_pixels}
                              .bytes())
                      .value());
  };
  const auto rule = [](int green) {
    return expected(256, 256, [&](int x, int y, Values& all) {
      const int pixel = 256 * y + x, most = (1 << green) - 1;
      for (const int v :
           {(pixel >> (5 + green) & 31) * 255 / 31, (pixel >> 5 & most) * 255 / most, (pixel & 31) * 255 / 31})
        all.push_back(v);
    });
  };
  for (const std::size_t header : {40U, 56U, 124U}) {
    CHECK(read(header, 0, {}) == rule(5));
    CHECK(read(header, 3, {0x7C00, 0x3E0, 0x1F}) == rule(5));
    CHECK(read(header, 3, {0xF800, 0x7E0, 0x1F}) == rule(6));
  }
}

TEST_CASE("BMP: pixels of 32 bits have the order of their masks, and alpha only by a mask") {
  struct Order {
    std::vector<std::uint32_t> masks;
    std::vector<int> bytes;  // of red, green, blue, alpha
  };
  const auto read = [](std::size_t header, std::uint32_t compression, std::vector<std::uint32_t> masks) {
    return decoded(BmpFile{
        .header = header, .bits = 32, .compression = compression, .masks = masks, .pixels = bytes_of({10, 11, 12, 13})}
                       .bytes());
  };
  for (const std::size_t header : {40U, 52U, 56U, 64U, 108U, 124U}) {
    CAPTURE(header);
    CHECK(values(read(header, 0, {}).value()) == Values{12, 11, 10});
    for (const Order& order :
         {Order{{0xFF0000, 0xFF00, 0xFF}, {12, 11, 10}}, Order{{0xFF000000, 0xFF0000, 0xFF00}, {13, 12, 11}},
          Order{{0xFF000000, 0xFF00, 0xFF}, {13, 11, 10}}, Order{{0, 0, 0}, {12, 11, 10, 13}}})
      CHECK(values(read(header, 3, order.masks).value()) == order.bytes);
    if (header < 56) continue;  // shorter headers name no alpha
    for (const Order& order : {Order{{0xFF000000, 0xFF0000, 0xFF00, 0xFF}, {13, 12, 11, 10}},
                               Order{{0xFF, 0xFF00, 0xFF0000, 0xFF000000}, {10, 11, 12, 13}},
                               Order{{0xFF0000, 0xFF00, 0xFF, 0xFF000000}, {12, 11, 10, 13}},
                               Order{{0xFF000000, 0xFF00, 0xFF, 0xFF0000}, {13, 11, 10, 12}}}) {
      const Image image = read(header, 3, order.masks).value();
      CHECK(image.pixels() == Pixels::rgba);
      CHECK(values(image) == order.bytes);
    }
  }
  CHECK(read(40, 3, {0xFF, 0xFF00, 0xFF0000}).error().message() ==
        "x.bmp: BMP: masks of 32-bit pixels: expected 5-5-5, 5-6-5 or bytes, found others");
}

TEST_CASE("BMP: run lengths of both kinds draw what their codes say") {
  std::mt19937 random{5};
  const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  for (int turn = 0; turn < 300; ++turn) {
    const bool halves = turn % 2 == 1;
    const int width = 1 + below(40), height = 1 + below(12), most = halves ? 16 : 256;
    std::vector<int> canvas(static_cast<std::size_t>(width * height));  // as stored: the first row first
    const auto at = [&](int x, int y) -> int& { return canvas[static_cast<std::size_t>(y * width + x)]; };
    std::string codes;
    int x = 0, y = 0;
    while (y < height) {
      const int room = width - x;
      const int code = room == 0 ? 2 : below(5);
      if (code < 2 && room > 0) {  // a run
        const int n = 1 + below(room), first = below(most), second = halves ? below(most) : first;
        codes += bytes_of({n, halves ? 16 * first + second : first});
        for (int i = 0; i < n; ++i) at(x++, y) = i % 2 == 0 ? first : second;
      } else if (code == 2 && x > 0) {  // the end of a row; of no effect where one begins, as in the reference
        codes += bytes_of({0, 0});
        x = 0;
        ++y;
      } else if (code == 3 && room >= 3) {  // single pixels, in an even number of bytes
        const int n = 3 + below(room - 2);
        codes += bytes_of({0, n});
        std::string data(static_cast<std::size_t>(halves ? (n + 1) / 2 : n), '\0');
        for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) {
          const int value = at(x++, y) = below(most);
          char& byte = data[halves ? i / 2 : i];
          byte = static_cast<char>(!halves ? value : i % 2 == 0 ? 16 * value : (byte & 0xF0) | value);
        }
        if (data.size() % 2 != 0) data += '\x77';
        codes += data;
      } else if (code == 4 && y + 1 < height) {  // to the right and on by rows
        const int right = below(room), rows = below(std::min(3, height - y));
        codes += bytes_of({0, 2, right, rows});
        x += right;
        y += rows;
      }
    }
    codes += bytes_of({0, 1});
    for (const bool top_down : {false, true}) {
      BmpFile file{.width = width, .height = height, .bits = halves ? 4U : 8U, .compression = halves ? 2U : 1U};
      file.palette = palette_of(most, 4);
      file.pixels = codes;
      file.top_down = top_down;
      const Image image = decoded(file.bytes()).value();
      CHECK(image.palette());
      CHECK(values(image) == expected(width, height, [&](int column, int row, Values& all) {
              add_color(all, at(column, top_down ? row : height - 1 - row), most);
            }));
    }
  }
}

TEST_CASE("BMP: run lengths of grey levels and of black and white; codes that end early") {
  const auto read = [](int colors, int step, std::string codes) {
    std::string palette;
    for (int i = 0; i < colors; ++i) palette += bytes_of({i * step, i * step, i * step, 0});
    return decoded(BmpFile{.width = 4,
                           .height = 2,
                           .bits = 8,
                           .compression = 1,
                           .named_colors = static_cast<std::uint32_t>(colors),
                           .palette = palette,
                           .pixels = codes}
                       .bytes());
  };
  const std::string whole = bytes_of({4, 1, 0, 0, 1, 0, 3, 2});
  CHECK(values(read(256, 1, whole).value()) == Values{0, 2, 2, 2, 1, 1, 1, 1});
  const Image white = read(2, 255, whole).value();
  CHECK(white.palette());
  CHECK(values(white) == Values{0, 255, 255, 255, 255, 255, 255, 255});
  CHECK(values(read(256, 1, bytes_of({9, 1, 0, 0, 9, 2})).value()) ==
        Values{2, 2, 2, 2, 1, 1, 1, 1});  // cut at the row
  for (const std::string& codes : {std::string(), bytes_of({4, 1}), bytes_of({4, 1, 3, 2}), bytes_of({4, 1, 0, 1}),
                                   bytes_of({0, 2, 1}), bytes_of({0, 5, 1, 2, 3, 4})})
    CHECK(read(256, 1, codes).error().message() == "x.bmp: truncated image");
}

TEST_CASE("BMP: what the reference refuses is one sentence") {
  const auto with = [](auto change) {
    BmpFile file{.pixels = std::string(4, '\0')};
    change(file);
    return message(file.bytes());
  };
  const std::string bmp = "x.bmp: BMP: ";
  CHECK(with([](BmpFile& f) { f.header = 16; }) ==
        bmp + "bytes of the header: expected 12, 40, 52, 56, 64, 108 or 124, found 16");
  CHECK(with([](BmpFile& f) { f.bits = 2; }) == bmp + "bits per pixel: expected 1, 4, 8, 16, 24 or 32, found 2");
  CHECK(with([](BmpFile& f) { f.compression = 4; }) == bmp + "compression: expected 0, 1, 2 or 3, found 4");
  CHECK(with([](BmpFile& f) { f.compression = 1; }) ==
        bmp + "bits per pixel with run lengths: expected 1, 4 or 8, found 24");
  CHECK(with([](BmpFile& f) {
          f.bits = 16;
          f.compression = 3;
          f.masks = {0xF00, 0xF0, 0xF};
        }) == bmp + "masks of 16-bit pixels: expected 5-5-5, 5-6-5 or bytes, found others");
  CHECK(with([](BmpFile& f) {
          f.bits = 8;
          f.named_colors = 65537;
        }) == bmp + "colours of the palette: expected at most 65536, found 65537");
  CHECK(with([](BmpFile& f) {
          f.bits = 8;
          f.named_colors = 257;
          f.palette = palette_of(257, 4);
        }) == bmp + "colours of the palette: expected at most 256, found 257");
  CHECK(with([](BmpFile& f) {
          f.width = 9;
          f.bits = 4;
          for (int i = 0; i < 16; ++i) f.palette += bytes_of({i, i, i, 0});
          f.pixels = std::string(16, '\0');
        }) == bmp + "bits per pixel with a palette of grey levels: expected 8, found 4");
  CHECK(with([](BmpFile& f) { f.width = 0; }) == "x.bmp: size: expected 1 ... 2^28 pixels, found 0 x 1");
  CHECK(with([](BmpFile& f) { f.height = 0; }) == "x.bmp: size: expected 1 ... 2^28 pixels, found 1 x 0");
  CHECK(with([](BmpFile& f) { f.width = 1 << 30; }) == "x.bmp: size: expected 1 ... 2^28 pixels, found 1073741824 x 1");
  CHECK(with([](BmpFile& f) { f.width = 9; }) ==
        "x.bmp: truncated image: size: expected at most the 1 pixels its bytes can hold, found 9 x 1");
  CHECK(with([](BmpFile& f) { f.start = 1 << 30; }) ==
        "x.bmp: truncated image: size: expected at most the 0 pixels its bytes can hold, found 1 x 1");
  CHECK(with([](BmpFile& f) {
          f.width = f.height = 1 << 13;
          f.bits = 8;
          f.compression = 1;
        }) ==
        "x.bmp: truncated image: size: expected at most the 16777216 pixels its bytes can hold, found 8192 x 8192");
}

TEST_CASE("BMP: files are known by their first bytes; any part of one is an error") {
  for (const std::string& file : a_file_of_each_kind()) {
    REQUIRE(BmpDecoder::reads(as_byte_span(file)));
    REQUIRE(decoded(file));
    const std::size_t last = file[file.size() - 1] == 1 ? 4 : 3;  // the end of run lengths, or what pads the last row
    for (std::size_t n = 0; n + last < file.size(); ++n) {
      CAPTURE(n);
      CHECK(!decoded(file.substr(0, n)));
    }
  }
  for (const std::string& other :
       {std::string(), std::string("B"), little(41, 4), little(40, 3), std::string("\0\0\2\0", 4)})
    CHECK(!BmpDecoder::reads(as_byte_span(other)));
}

TEST_CASE("BMP: pixels do not depend on what memory held before") {
  for (const std::string& file : a_file_of_each_kind()) {
    const auto [one, other] = testing::with_filled_memory([&] { return values(decoded(file).value()); });
    CHECK(one == other);
  }
}
