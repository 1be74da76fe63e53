#include <clip/image/read.hpp>
#include <clip/io/bytes.hpp>
#include <clip/io/mapped_file.hpp>

#include "../support/pillow_mode.hpp"

#include <doctest/doctest.h>

#include <cstdio>
#include <fstream>
#include <span>
#include <sstream>
#include <string>
#include <type_traits>

using namespace clip;

namespace {

constexpr bool exact_jpeg = !std::is_same_v<detail::JpegFiles, StbJpegDecoder>;
constexpr bool by_libpng = !std::is_same_v<detail::PngFiles, StbPngDecoder>;
const std::string folder = CLIP_SOURCE_DIR "/tests/golden/";

/// "MODE WIDTH HEIGHT CRC-32", or "refused".
std::string described(const Result<Image>& image) {
  if (!image) return "refused";
  const std::span bytes{image->row(0), static_cast<std::size_t>(image->height() * image->stride())};
  char text[80];
  std::snprintf(text, sizeof text, "%s %td %td %08x", testing::pillow_mode(*image), image->width(), image->height(),
                crc32(std::as_bytes(bytes)));
  return text;
}

/// Calls check(path, what Pillow makes of the file, whether the strict form refuses it) for the files of an ending.
template <class Check>
int each_file(const std::string& ending, Check&& check) {
  std::ifstream lines{folder + "damaged.txt"};
  int count = 0;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t name_end = line.find(' '), last = line.rfind(' ');
    const std::string name = line.substr(0, name_end);
    if (!name.ends_with(ending)) continue;
    CAPTURE(name);
    check(folder + "damaged/" + name, line.substr(name_end + 1, last - name_end - 1),
          line.substr(last + 1) == "strict");
    ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("damaged PNGs are read where Pillow reads them, with its pixels; the strict form refuses them") {
  const int count = each_file(".png", [](const std::string& path, const std::string& pillow, bool strict_refuses) {
    CHECK(described(try_read_image(path)) == pillow);
    const auto strict = try_read_image(path, {.strict = true});
    if (by_libpng) CHECK(described(strict) == (strict_refuses ? "refused" : pillow));
    if (!strict) CHECK(strict.error().id() == "clip.input.image");
  });
  CHECK(count == 23);
}

TEST_CASE("the embedded PNG decoder reads what Pillow reads, also without looking at checksums") {
  each_file(".png", [](const std::string& path, const std::string& pillow, bool) {
    if (pillow == "refused") return;
    CHECK(described(try_read_image<StbPngDecoder>(path)) == pillow);
  });
}

TEST_CASE("damaged JPEGs are read where Pillow reads them, with its pixels; the strict form refuses them") {
  if (!exact_jpeg) {
    MESSAGE("skipped: JPEG files as the reference reads them: this program has no libjpeg");
    return;
  }
  const int count = each_file(".jpg", [](const std::string& path, const std::string& pillow, bool strict_refuses) {
    CHECK(described(try_read_image(path)) == pillow);
    CHECK(described(try_read_image(path, {.strict = true})) == (strict_refuses ? "refused" : pillow));
  });
  CHECK(count == 7);
}

TEST_CASE("every cut of a damaged file gives an image or an error, never a read beyond the end") {
  each_file(".png", [](const std::string& path, const std::string&, bool) {
    const auto file = map_file(path);
    for (std::size_t n = 0; n < file.bytes().size(); n += 7) {
      const auto image = try_decode_image(file.bytes().first(n), "x.png");
      CHECK((image || image.error().kind() == ErrorKind::input));
    }
  });
}
