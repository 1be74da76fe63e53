#include <clip/image/preprocess.hpp>
#include <clip/image/read.hpp>

#include "../io/temporary_folder.hpp"
#include "../support/filled_memory.hpp"
#include "../support/pillow_mode.hpp"
#include "image_lines.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdlib>
#include <istream>
#include <optional>
#include <random>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

using namespace clip;

namespace {
/// What is in this program.
constexpr bool exact_jpeg = !std::is_same_v<detail::JpegFiles, StbJpegDecoder>;
constexpr bool reads_webp =
    !std::is_same_v<ImageDecoders,
                    Decoders<detail::JpegFiles, detail::PngFiles, GifDecoder, BmpDecoder, PnmDecoder, TgaDecoder>>;

bool ends_with(const std::string& name, const std::string& ending) {
  return name.size() >= ending.size() && name.compare(name.size() - ending.size(), ending.size(), ending) == 0;
}

/// Files named data/NAME lie in the test data, the others in tests/golden/images.
std::string path_of(const std::string& name) {
  if (name.rfind("data/", 0) != 0) return CLIP_SOURCE_DIR "/tests/golden/images/" + name;
  const char* const data = std::getenv("CLIP_TEST_DATA");
  return data == nullptr ? "" : std::string(data) + "/images/" + name.substr(5);
}

/// Left out where a library of this program, or the test data, is missing; each kind says so once.
bool readable(const std::string& name) {
  if (ends_with(name, ".jpg") && !exact_jpeg) return false;
  if (ends_with(name, ".webp") && !reads_webp) return false;
  return !path_of(name).empty();
}

void say_what_is_left_out() {
  if (!exact_jpeg) MESSAGE("skipped: JPEG files as the reference reads them: this program has no libjpeg");
  if (!reads_webp) MESSAGE("skipped: WebP files: this program has no libwebp");
  if (std::getenv("CLIP_TEST_DATA") == nullptr)
    MESSAGE("skipped: JPEG files of the test data: CLIP_TEST_DATA is not set");
}

int expected_lines(int jpeg, int jpeg_data, int webp, int others) {
  return others + (exact_jpeg ? jpeg : 0) + (exact_jpeg && std::getenv("CLIP_TEST_DATA") != nullptr ? jpeg_data : 0) +
         (reads_webp ? webp : 0);
}

std::uint32_t low_byte_first(const Image& image) {
  if (image.pixels() != Pixels::gray16 || std::endian::native == std::endian::little) return checksum(image);
  std::vector<std::uint8_t> bytes(image.row(0), image.row(0) + 2 * image.width() * image.height());
  for (std::size_t i = 0; i < bytes.size(); i += 2) std::swap(bytes[i], bytes[i + 1]);
  return crc32(std::as_bytes(std::span{bytes}));
}

/// Kind, size and pixels of every file for which `chosen`, by these decoders.
template <class Decoder>
int check_decoded(bool (*chosen)(const std::string&)) {
  return check_lines("images.txt", "decode", [&](std::istream& line) -> std::optional<std::uint32_t> {
    std::string name, mode;
    Index width, height;
    line >> name >> mode >> width >> height;
    if (!chosen(name)) return std::nullopt;
    const Image image = read_image<Decoder>(path_of(name));
    CHECK(clip::testing::pillow_mode(image) == (mode == "LA" ? "RGBA" : mode));
    CHECK(image.width() == width);
    CHECK(image.height() == height);
    return low_byte_first(image);
  });
}
}  // namespace

TEST_CASE("files of every kind give the pixels the reference gives, in the same mode") {
  say_what_is_left_out();
  CHECK(check_decoded<ImageDecoders>(&readable) == expected_lines(24, 4, 6, 79));
}

TEST_CASE("PNG files give the same pixels by either decoder") {
  const auto chosen = [](const std::string& name) { return ends_with(name, ".png"); };
  CHECK(check_decoded<StbPngDecoder>(chosen) == 26);
  CHECK(check_decoded<detail::PngFiles>(chosen) == 26);
}

TEST_CASE("the embedded decoder stays within a few levels of the reference's JPEGs") {
  if (!exact_jpeg) {
    MESSAGE("skipped: JPEG files by either decoder: this program has no libjpeg");
    return;
  }
  for (const char* name :
       {"420.jpg", "444.jpg", "420_progressive.jpg", "rgb.jpg", "restart.jpg", "coarse.jpg", "gray.jpg", "33x31.jpg"}) {
    CAPTURE(name);
    const Image exact = read_image(path_of(name)), embedded = read_image<StbJpegDecoder>(path_of(name));
    REQUIRE(embedded.pixels() == exact.pixels());
    REQUIRE(embedded.width() == exact.width());
    REQUIRE(embedded.height() == exact.height());
    for (Index i = 0; i < exact.height() * exact.stride(); ++i)
      CHECK(std::abs(embedded.row(0)[i] - exact.row(0)[i]) <= 3);
  }
}

TEST_CASE("reading and preprocessing files of every kind equals the reference in every float") {
  say_what_is_left_out();
  const int compared = check_lines("images.txt", "preprocess", [&](std::istream& line) -> std::optional<std::uint32_t> {
    std::string name;
    line >> name;
    if (!readable(name)) return std::nullopt;
    return checksum(preprocess(read_input(line, Resampling::pillow12), read_image(path_of(name))));
  });
  CHECK(compared == 3 * expected_lines(24, 4, 6, 79));
}

TEST_CASE("files with alpha, a transparent palette or a transparent colour are on white as transformers lays them") {
  int transparent = 0;
  const int compared =
      check_lines("transformers.txt", "white", [&](std::istream& line) -> std::optional<std::uint32_t> {
        std::string name;
        line >> name;
        if (!readable(name)) return std::nullopt;
        const Image image = read_image(path_of(name));
        transparent += image.transparency() != nullptr ? 1 : 0;
        if (ends_with(name, ".png")) {
          const Image embedded = read_image<StbPngDecoder>(path_of(name));
          CHECK(checksum(to_rgb_on_white(embedded)) == checksum(to_rgb_on_white(image)));
        }
        return checksum(to_rgb_on_white(image));
      });
  CHECK(compared > 70);
  CHECK(transparent >= 4);
}

TEST_CASE("orientation, when it is applied, equals exif_transpose of the reference") {
  say_what_is_left_out();
  const int compared = check_lines("images.txt", "oriented", [&](std::istream& line) -> std::optional<std::uint32_t> {
    std::string name;
    Index width, height;
    line >> name >> width >> height;
    if (!readable(name)) return std::nullopt;
    const Image image = read_image(path_of(name), {.exif_orientation = true});
    CHECK(image.width() == width);
    CHECK(image.height() == height);
    return checksum(image);
  });
  CHECK(compared == expected_lines(9, 1, 1, 8));
}

namespace {
/// An image, or one InputError that begins with the file's name.
template <class Decoder>
bool decodes_or_says_why(const std::string& file, const std::string& name) {
  const auto result = try_decode_image<Decoder>(as_byte_span(file), name);
  if (result) return true;
  CHECK(result.error().kind() == ErrorKind::input);
  CHECK(result.error().message().rfind(name + ": ", 0) == 0);
  return false;
}

/// By the decoders of this program, and by the embedded ones.
using Embedded = Decoders<StbJpegDecoder, StbPngDecoder, GifDecoder, BmpDecoder, PnmDecoder, TgaDecoder>;
}  // namespace

TEST_CASE("files cut short or damaged anywhere give an image or one clear error") {
  std::mt19937 random{11};
  check_lines("images.txt", "decode", [&](std::istream& line) -> std::optional<std::uint32_t> {
    std::string name;
    line >> name;
    if (name.rfind("data/", 0) == 0 || name.rfind("orientation", 0) == 0) return std::nullopt;
    const std::string whole = get(path_of(name));
    CAPTURE(name);
    for (std::size_t n = 0; n < whole.size(); n += 1 + whole.size() / 40) {
      const std::string part = whole.substr(0, n);
      const bool any = decodes_or_says_why<ImageDecoders>(part, name),
                 embedded = decodes_or_says_why<Embedded>(part, name);
      CAPTURE(n);
      if (n < whole.size() / 2) CHECK((!any && !embedded));
    }
    for (int turn = 0; turn < 60; ++turn) {
      std::string damaged = whole;
      for (auto changes = 1 + random() % 3; changes > 0; --changes)  // the first bytes say the most
        damaged[random() % (turn % 2 == 0 ? std::min<std::size_t>(damaged.size(), 64) : damaged.size())] =
            static_cast<char>(random());
      decodes_or_says_why<ImageDecoders>(damaged, name);
      decodes_or_says_why<Embedded>(damaged, name);
    }
    return std::nullopt;
  });
}

namespace {
/// What a file decodes to, or the message.
template <class Decoder>
std::string outcome(const std::string& file) {
  const auto result = try_decode_image<Decoder>(as_byte_span(file), "x");
  return result ? std::to_string(checksum(*result)) : result.error().message();
}
}  // namespace

TEST_CASE("what files decode to, whole or damaged, does not depend on what memory held before") {
  std::mt19937 random{12};
  check_lines("images.txt", "decode", [&](std::istream& line) -> std::optional<std::uint32_t> {
    std::string name;
    line >> name;
    if (path_of(name).empty() || name.rfind("data/", 0) == 0) return std::nullopt;
    std::string file = get(path_of(name));
    for (int turn = 0; turn < 10; ++turn) {
      const auto [one, other] = testing::with_filled_memory([&] { return outcome<ImageDecoders>(file); });
      CHECK(one == other);
      const auto [embedded, again] = testing::with_filled_memory([&] { return outcome<Embedded>(file); });
      CHECK(embedded == again);
      file[random() % (turn % 2 == 0 ? std::min<std::size_t>(file.size(), 64) : file.size())] =
          static_cast<char>(random());
    }
    return std::nullopt;
  });
}
