#include <clip/image/read.hpp>
#include <clip/io/bytes.hpp>
#include <clip/plot/png.hpp>

#include "../io/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <string>
#include <utility>
#include <vector>

using namespace clip;

namespace {
std::string ppm() { return std::string("P6 2 2 255\n") + "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0A\x0B\x0C"; }

/// 2 x 2, 24 bits, bottom row first, rows padded to 8 bytes.
std::string bmp() {
  std::string b = "BM";
  for (const std::uint32_t field : {14U + 40 + 16, 0U, 54U, 40U, 2U, 2U, 1U | 24U << 16, 0U, 16U, 0U, 0U, 0U, 0U}) {
    b.resize(b.size() + 4);
    store_little(reinterpret_cast<std::byte*>(b.data() + b.size() - 4), field);
  }
  for (int v : {9, 8, 7, 12, 11, 10, 0, 0, 3, 2, 1, 6, 5, 4, 0, 0}) b += static_cast<char>(v);
  return b;
}

/// 2 x 1, grey with alpha: (10, 200), (20, 0).
const unsigned char gray_alpha_png[] = {
    0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0x00, 0x00, 0x00, 0x0D, 0x49, 0x48, 0x44, 0x52, 0x00, 0x00,
    0x00, 0x02, 0x00, 0x00, 0x00, 0x01, 0x08, 0x04, 0x00, 0x00, 0x00, 0x5E, 0x2B, 0xB7, 0x01, 0x00, 0x00, 0x00,
    0x0D, 0x49, 0x44, 0x41, 0x54, 0x78, 0xDA, 0x63, 0xE0, 0x3A, 0x21, 0xC2, 0x00, 0x00, 0x02, 0xAD, 0x00, 0xE7,
    0x7A, 0xD9, 0x16, 0x93, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82};
std::string png() { return {reinterpret_cast<const char*>(gray_alpha_png), sizeof gray_alpha_png}; }

std::vector<int> pixels(const Image& image) {
  std::vector<int> all;
  for (Index y = 0; y < image.height(); ++y)
    for (Index i = 0; i < image.width() * image.channels(); ++i) all.push_back(image.row(y)[i]);
  return all;
}
}  // namespace

TEST_CASE("decode: PNM and BMP decode to pixels, top row first, red first") {
  const std::vector<int> expected{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  for (const std::string& file : {ppm(), bmp()}) {
    const Image image = decode_image(as_byte_span(file));
    CHECK(image.width() == 2);
    CHECK(image.height() == 2);
    CHECK(image.pixels() == Pixels::rgb);
    CHECK(pixels(image) == expected);
  }
  const Image gray = decode_image(as_byte_span("P5 2 1 255\nab"));
  CHECK(gray.pixels() == Pixels::gray);
  CHECK(pixels(gray) == std::vector<int>{'a', 'b'});
}

TEST_CASE("decode: grey with alpha becomes four channels with the alpha") {
  const Image image = decode_image(as_byte_span(png()));
  CHECK(image.pixels() == Pixels::rgba);
  CHECK(pixels(image) == std::vector<int>{10, 10, 10, 200, 20, 20, 20, 0});
}

/// A PNG of one row: 2 x 1 pixels unless said otherwise.
Image decode_png_row(char depth, char type, const std::vector<std::pair<std::string, std::string>>& chunks,
                     const std::string& row, char width = 2) {
  std::vector<std::byte> all(8);
  std::memcpy(all.data(), gray_alpha_png, 8);
  const std::string header =
      std::string(3, '\0') + width + std::string("\0\0\0\1", 4) + depth + type + std::string(3, '\0');
  detail::add_png_chunk(all, "IHDR", as_byte_span(header));
  for (const auto& [name, data] : chunks) detail::add_png_chunk(all, name, as_byte_span(data));
  detail::add_png_chunk(all, "IDAT", detail::zlib_stored(as_byte_span(std::string(1, '\0') + row)));
  detail::add_png_chunk(all, "IEND", {});
  return decode_image(all);
}

TEST_CASE("decode: palettes and 1-bit images set the palette flag, single transparent colours are ignored") {
  const std::string palette("\1\2\3\4\5\6", 6), black(6, '\0');
  const Image bits = decode_png_row(1, 0, {}, "\x40"), levels = decode_png_row(2, 0, {}, "\x10"),
              colours = decode_png_row(8, 3, {{"PLTE", palette}}, std::string("\1\0", 2)),
              transparent = decode_png_row(8, 3, {{"PLTE", palette}, {"tRNS", "\x7F"}}, std::string("\1\0", 2)),
              rgb = decode_png_row(8, 2, {{"tRNS", black}}, std::string("\0\0\0\7\0\0", 6)),
              gray = decode_png_row(8, 0, {{"tRNS", std::string("\0\5", 2)}}, "\5\6");
  CHECK(bits.palette());
  CHECK(pixels(bits) == std::vector<int>{0, 255});
  CHECK(!levels.palette());
  CHECK(pixels(levels) == std::vector<int>{0, 85});
  for (const Image* image : {&colours, &transparent}) {
    CHECK(image->palette());
    CHECK(image->pixels() == Pixels::rgb);
    CHECK(pixels(*image) == std::vector<int>{4, 5, 6, 1, 2, 3});
  }
  CHECK(!rgb.palette());
  CHECK(rgb.pixels() == Pixels::rgb);
  CHECK(pixels(rgb) == std::vector<int>{0, 0, 0, 7, 0, 0});
  CHECK(gray.pixels() == Pixels::gray);
  CHECK(pixels(gray) == std::vector<int>{5, 6});
}

TEST_CASE("decode: a transparent colour is compared as Pillow compares it, its lowest 8 bits with decoded pixels") {
  const auto alphas = [](char depth, char type, const std::string& color, const std::string& row, char width) {
    const Image image = decode_png_row(depth, type, {{"tRNS", color}}, row, width);
    REQUIRE(image.transparency() != nullptr);
    return std::vector<int>(image.transparency(), image.transparency() + width);
  };
  const auto bytes = [](std::initializer_list<unsigned> values) { return std::string(values.begin(), values.end()); };
  using Alphas = std::vector<int>;
  // From Pillow 13.0.0 and 12.1.1: the alphas of Image.open(file).convert("RGBA").
  CHECK(alphas(1, 0, bytes({0, 0}), bytes({0b10100000}), 4) == Alphas{255, 0, 255, 0});
  CHECK(alphas(1, 0, bytes({0, 1}), bytes({0b10100000}), 4) == Alphas{0, 255, 0, 255});
  CHECK(alphas(2, 0, bytes({0, 0}), bytes({0b00011011}), 4) == Alphas{0, 255, 255, 255});
  CHECK(alphas(2, 0, bytes({0, 3}), bytes({0b00011011}), 4) == Alphas{255, 255, 255, 255});
  CHECK(alphas(2, 0, bytes({1, 85}), bytes({0b00011011}), 4) == Alphas{255, 0, 255, 255});
  CHECK(alphas(4, 0, bytes({0, 0}), bytes({0x0F}), 2) == Alphas{0, 255});
  CHECK(alphas(4, 0, bytes({0, 15}), bytes({0x0F}), 2) == Alphas{255, 255});
  CHECK(alphas(8, 0, bytes({1, 5}), bytes({5, 6, 7}), 3) == Alphas{0, 255, 255});
  CHECK(alphas(8, 2, bytes({0, 1, 0, 2, 0, 3}), bytes({1, 2, 3, 1, 2, 4}), 2) == Alphas{0, 255});
  CHECK(alphas(16, 0, bytes({0, 5}), bytes({0, 5, 1, 44, 255, 255}), 3) == Alphas{0, 255, 255});
  CHECK(alphas(16, 0, bytes({1, 44}), bytes({0, 5, 1, 44, 255, 255}), 3) == Alphas{255, 255, 255});
  CHECK(alphas(16, 2, bytes({1, 2, 2, 3, 3, 4}), bytes({1, 2, 2, 3, 3, 4, 2, 3, 3, 4, 4, 5}), 2) == Alphas{255, 0});
  CHECK(decode_png_row(8, 0, {{"tRNS", bytes({5})}}, bytes({5, 6})).transparency() == nullptr);  // half a number
}

TEST_CASE("decode: every truncation of a file is an error if strict") {
  for (const std::string& file : {ppm(), bmp().substr(0, bmp().size() - 2),
                                  png().substr(0, png().size() - 4)})  // without padding and last checksum
    for (std::size_t n = 0; n < file.size(); ++n) {
      CAPTURE(n);
      const auto result = try_decode_image(as_byte_span(file).first(n), "x", {.strict = true});
      REQUIRE(!result);
      CHECK(result.error().kind() == ErrorKind::input);
    }
}

TEST_CASE("embedded JPEG decoder: a Huffman table with too many symbols is refused, at any position in the file") {
  const auto table = [](char first, char others) {
    return std::string("\xFF\xC4\x00\x13\x00", 5) + first + std::string(15, others);
  };
  const std::string start = "\xFF\xD8", application("\xFF\xE0\x00\x06\xFF\xC4\xFF\xFF", 8),
                    scan("\xFF\xDA\x00\x02 data \xFF\x00 \xFF\xD0 more", 20);
  const auto refused = [](const std::string& file) {
    const auto result = try_decode_image<StbJpegDecoder>(as_byte_span(file), "x.jpg");
    REQUIRE(!result);
    return result.error().message() == "x.jpg: damaged image (a Huffman table of more than 256 symbols)";
  };
  for (const std::string& before :
       {std::string(), application, scan, application + scan, table(0, 0), std::string("\xFF\xFF\xFF")}) {
    CHECK(refused(start + before + table(2, 17)));                // 257
    CHECK(refused(start + before + table(-1, -1)));               // 4080
    CHECK(refused(start + before + table(-1, -1).substr(0, 8)));  // the file ends inside the counts: 765
    CHECK(!refused(start + before + table(1, 17)));               // 256: invalid for another reason
  }
  CHECK(!refused(start + application + "\xFF\xD9" + table(-1, -1)));  // after the end
}

TEST_CASE("read: errors name the file and state the reason") {
  const TemporaryFolder folder;
  put(folder / "a.txt", "just a text, no image");
  put(folder / "a.heic", std::string("\0\0\0\x18"
                                     "ftypheic",
                                     12));
  put(folder / "a.pfm", "Pf 1 1\n1\n\1\2\3\4");
  put(folder / "empty.png", "");
  put(folder / "cut.ppm", ppm().substr(0, 20));
  put(folder / "promise.ppm", "P6 9999 9999 255\nx");
  put(folder / "huge.ppm", "P6 65000 65000 255\nx");
  const auto message = [&](const char* name) {
    const auto result = try_read_image(folder / name);
    REQUIRE(!result);
    CHECK(result.error().place() == folder / name);
    return result.error().message().substr(folder.path.size() + 1);
  };
  const std::string formats = "not an image in a supported format: expected " + ImageDecoders::formats();
  CHECK(formats.find("JPEG, PNG, ") != std::string::npos);
  for (const char* name : {"a.txt", "a.heic", "a.pfm"}) CHECK(message(name) == name + (": " + formats));
  CHECK(message("empty.png") == "empty.png: not an image: no bytes");
  CHECK(message("cut.ppm") ==
        "cut.ppm: truncated image: size: expected at most the 3 pixels its bytes can hold, found 2 x 2");
  CHECK(message("promise.ppm") ==
        "promise.ppm: truncated image: size: expected at most the 0 pixels its bytes can hold, found 9999 x 9999");
  CHECK(message("huge.ppm") == "huge.ppm: size: expected 1 ... 2^28 pixels, found 65000 x 65000");
  CHECK(message("none.png").find("none.png: no such file (looked for /") == 0);
}

TEST_CASE("read: files of many kinds give the pixels of another decoder") {
  CLIP_TEST_DATA_OR_RETURN(data, "files of many kinds");
  struct Expected {
    const char* name;
    Index width, height;
    Pixels pixels;
    std::uint32_t crc;  // of all pixels, rows without padding; 0: a JPEG, whose decoders differ
  };
  for (const Expected& e :
       {Expected{"chelsea.png", 451, 300, Pixels::rgb, 0x0F829D59},
        Expected{"coffee.png", 600, 400, Pixels::rgb, 0xACF41373},
        Expected{"camera.png", 512, 512, Pixels::gray, 0x59C2562E},
        Expected{"horse.png", 400, 328, Pixels::rgba, 0x627AFBDF},
        Expected{"basn2c16.png", 32, 32, Pixels::rgb, 0xFFCC1ED1},  // 16 bits: the upper 8
        Expected{"rocket.jpg", 640, 427, Pixels::rgb, 0}, Expected{"hopper_gray.jpg", 128, 128, Pixels::gray, 0}}) {
    CAPTURE(e.name);
    const Image image = read_image(std::string(data) + "/images/" + e.name);
    CHECK(image.width() == e.width);
    CHECK(image.height() == e.height);
    CHECK(image.pixels() == e.pixels);
    if (e.crc != 0)
      CHECK(crc32(std::as_bytes(std::span{image.row(0), static_cast<std::size_t>(image.stride() * image.height())})) ==
            e.crc);
  }
  const bool ink = detail::JpegFiles::formats() == "JPEG" && !std::is_same_v<detail::JpegFiles, StbJpegDecoder>;
  CHECK(read_image(std::string(data) + "/images/pil_sample_cmyk.jpg").pixels() == (ink ? Pixels::cmyk : Pixels::rgb));
  CHECK(read_image(std::string(data) + "/images/green_palette.png").channels() >= 3);
}

TEST_CASE("read: truncated JPEG and PNG files are errors, not images with a grey bottom") {
  CLIP_TEST_DATA_OR_RETURN(data, "files cut short");
  for (const char* name : {"hopper_gray.jpg", "rocket.jpg", "camera.png", "basi6a08.png"}) {
    const std::string file = get(std::string(data) + "/images/" + name);
    REQUIRE(try_decode_image(as_byte_span(file), name));
    for (std::size_t n = 1; n + 4 < file.size(); n += 1 + file.size() / 24) {
      CAPTURE(name);
      CAPTURE(n);
      CHECK(!try_decode_image(as_byte_span(file).first(n), name, {.strict = true}));
      if (n + 16 < file.size()) CHECK(!try_decode_image(as_byte_span(file).first(n), name));
    }
    CHECK(!try_decode_image(as_byte_span(file).first(file.size() - 5), name, {.strict = true}));
  }
}

namespace {
/// Decodes files that begin with "mine": one pixel each.
struct Mine {
  static std::string formats() { return "mine"; }
  static bool reads(std::span<const std::byte> file) { return as_text(file).substr(0, 4) == "mine"; }
  static Result<Image> decode(std::span<const std::byte> file, const std::string& place) {
    if (file.size() < 5) return InputError{place, "truncated image"};
    return Image{1, 1, Pixels::gray, {std::to_integer<std::uint8_t>(file[4])}};
  }
};
static_assert(ImageDecoder<Mine> && ImageDecoder<ImageDecoders> && !ImageDecoder<Image>);
}  // namespace

TEST_CASE("a custom decoder reads its format; the others read the rest") {
  using Both = Decoders<Mine, ImageDecoders>;
  CHECK(decode_image<Both>(as_byte_span("mine!")).row(0)[0] == '!');
  CHECK(pixels(decode_image<Both>(as_byte_span(ppm()))) == pixels(decode_image(as_byte_span(ppm()))));
  CHECK(try_decode_image<Both>(as_byte_span("mine"), "x").error().message() == "x: truncated image");
  CHECK(try_decode_image<Both>(as_byte_span("else"), "x").error().message() ==
        "x: not an image in a supported format: expected mine, " + ImageDecoders::formats());
  CHECK(try_decode_image<Decoders<Mine>>(as_byte_span(ppm()), "x").error().message() ==
        "x: not an image in a supported format: expected mine");
}
