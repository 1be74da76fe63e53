#include <clip/image/decode/exif.hpp>

#include "../../io/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace clip;

namespace {
/// A TIFF directory with one entry, the orientation, as a 16-bit number.
std::string tiff(bool big, int orientation, int type = 3, int tag = 0x0112) {
  const auto u16 = [&](int v) {
    return big ? std::string{static_cast<char>(v >> 8), static_cast<char>(v)}
               : std::string{static_cast<char>(v), static_cast<char>(v >> 8)};
  };
  const auto u32 = [&](int v) { return big ? std::string(2, '\0') + u16(v) : u16(v) + std::string(2, '\0'); };
  const std::string value = type == 4 ? u32(orientation) : u16(orientation) + std::string(2, '\0');
  return (big ? "MM" : "II") + u16(42) + u32(8) + u16(1) + u16(tag) + u16(type) + u32(1) + value + u32(0);
}
std::string segment(char marker, const std::string& data) {
  return std::string("\xFF") + marker + static_cast<char>((data.size() + 2) >> 8) +
         static_cast<char>((data.size() + 2) & 255) + data;
}
const std::string exif("Exif\0\0", 6), jfif = segment('\xE0', std::string("JFIF\0", 5));
std::string jpeg(const std::string& segments) { return "\xFF\xD8" + segments + segment('\xDA', "scan"); }
std::string riff(const std::string& name, const std::string& data) {
  const std::string chunk =
      name + std::string{static_cast<char>(data.size()), '\0', '\0', '\0'} + data + std::string(data.size() % 2, '\0');
  return std::string("RIFF\0\0\0\0WEBP", 12) + std::string("ICCP\3\0\0\0abc\0", 12) + chunk;
}
std::string png(const std::string& name, const std::string& data) {
  return std::string("\x89PNG\r\n\x1a\n\0\0\0\1tEXtxCRC_", 8 + 13) +
         std::string{'\0', '\0', '\0', static_cast<char>(data.size())} + name + data + "CRC_";
}
int orientation(const std::string& file) { return exif_orientation(as_byte_span(file)); }
}  // namespace

TEST_CASE("the orientation is found in JPEG, PNG and WebP files, in either byte order") {
  for (const bool big : {false, true})
    for (int n = 1; n <= 8; ++n) {
      CHECK(orientation(jpeg(jfif + segment('\xE1', exif + tiff(big, n)))) == n);
      CHECK(orientation(jpeg("\xFF" + segment('\xE1', exif + tiff(big, n, 4)))) == n);
      CHECK(orientation(png("eXIf", tiff(big, n))) == n);
      CHECK(orientation(riff("EXIF", tiff(big, n))) == n);
      CHECK(orientation(riff("EXIF", exif + tiff(big, n))) == n);
    }
}

TEST_CASE("other tags, types, values and positions are ignored") {
  CHECK(orientation(jpeg(segment('\xE1', exif + tiff(false, 6, 3, 0x0110)))) == 1);
  CHECK(orientation(jpeg(segment('\xE1', exif + tiff(false, 6, 2)))) == 1);
  CHECK(orientation(jpeg(segment('\xE1', exif + tiff(false, 9)))) == 1);
  CHECK(orientation(jpeg(segment('\xE1', exif + tiff(false, 0)))) == 1);
  CHECK(orientation(jpeg(segment('\xE2', exif + tiff(false, 6)))) == 1);
  CHECK(orientation(jpeg("") + segment('\xE1', exif + tiff(false, 6))) == 1);  // after the first scan
  CHECK(orientation(jpeg(segment('\xE1', "http://ns.adobe.com/xap/1.0/") + segment('\xE1', exif + tiff(false, 6)))) ==
        6);
  CHECK(orientation(exif + tiff(false, 6)) == 1);
  CHECK(orientation("P5 1 1 255\na") == 1);
}

TEST_CASE("EXIF data that is truncated or points beyond its end is not an error") {
  for (const std::string& file :
       {jpeg(segment('\xE1', exif + tiff(true, 6))), png("eXIf", tiff(true, 6)), riff("EXIF", tiff(false, 6))})
    for (std::size_t n = 0; n < file.size(); ++n) {
      const int found = orientation(file.substr(0, n));
      CHECK((found == 1 || found == 6));
    }
  std::string far = tiff(false, 6), many = tiff(false, 6, 3, 0x0110);
  far[4] = far[5] = far[6] = '\xFF';
  many[8] = many[9] = '\xFF';  // 65535 entries
  CHECK(orientation(jpeg(segment('\xE1', exif + far))) == 1);
  CHECK(orientation(jpeg(segment('\xE1', exif + many))) == 1);
}

TEST_CASE("orientation of real photographs") {
  CLIP_TEST_DATA_OR_RETURN(data, "a photograph's orientation");
  CHECK(orientation(get(std::string(data) + "/images/hopper_orientation_6.jpg")) == 6);
  CHECK(orientation(get(std::string(data) + "/images/rocket.jpg")) == 1);
}
