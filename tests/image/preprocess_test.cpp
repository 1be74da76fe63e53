#include <clip/image/preprocess.hpp>
#include <clip/io/bytes.hpp>
#include <clip/tower/clip_vit/config.hpp>

#include <doctest/doctest.h>

#include <array>
#include <random>
#include <utility>
#include <vector>

using namespace clip;

namespace {
/// The part of a configuration that preprocessing needs; VitConfig has it.
struct Small {
  Index image_size;
  Preprocessing preprocessing{};
};
static_assert(PreprocessConfig<Small> && PreprocessConfig<VitConfig>);

/// p(y, x, c) = 7x + 13y + 29c + 5((xy) mod 17) mod 256
Image synthetic(Index size) {
  std::vector<std::uint8_t> bytes;
  for (Index y = 0; y < size; ++y)
    for (Index x = 0; x < size; ++x)
      for (Index c = 0; c < 3; ++c)
        bytes.push_back(static_cast<std::uint8_t>(7 * x + 13 * y + 29 * c + 5 * ((x * y) % 17)));
  return {size, size, Pixels::rgb, bytes};
}

std::uint32_t checksum(std::span<const float> values) { return crc32(std::as_bytes(values)); }

/// The same image in another byte order, with padded rows.
struct Rearranged {
  std::vector<std::uint8_t> memory;
  Image image;
  Rearranged(const Image& rgb, Pixels pixels) {
    const Index step = channels(pixels), stride = rgb.width() * step + 13;
    memory.assign(static_cast<std::size_t>(stride * rgb.height()), 0xAA);
    for (Index y = 0; y < rgb.height(); ++y)
      for (Index x = 0; x < rgb.width(); ++x)
        for (Index c = 0; c < 3; ++c) {
          const Index to = pixels == Pixels::bgr || pixels == Pixels::bgra ? 2 - c : c;
          memory[static_cast<std::size_t>(y * stride + x * step + to)] = rgb.row(y)[3 * x + c];
        }
    image = Image::view(memory.data(), rgb.width(), rgb.height(), stride, pixels);
  }
};
}  // namespace

TEST_CASE("preprocess gives the reference's floats, bit for bit") {
  const Image image = synthetic(32);
  REQUIRE(crc32(std::as_bytes(std::span{image.row(0), 32 * 32 * 3})) == 0x764E07B6U);
  const Images out = preprocess(Small{32}, image);
  CHECK(out.size() == 1);
  CHECK(out.channels() == 3);
  CHECK(out.height() == 32);
  CHECK(out.width() == 32);
  CHECK(out.values()[0] == -1.7922625541687012f);
  CHECK(out.values()[1024] == -1.3168718814849854f);
  CHECK(out.values()[3071] == 1.5202142000198364f);
  CHECK(checksum(out.values()) == 0xCD62F8C3U);  // numpy, float32 throughout
}

TEST_CASE("preprocess gives the same floats for every byte order and any stride") {
  const Image image = synthetic(9);
  const auto expected = checksum(preprocess(Small{9}, image).values());
  for (Pixels pixels : {Pixels::rgb, Pixels::bgr, Pixels::rgba, Pixels::bgra})
    CHECK(checksum(preprocess(Small{9}, Rearranged{image, pixels}.image).values()) == expected);
}

TEST_CASE("preprocess of grey equals that of three equal colours") {
  std::mt19937 random{5};
  std::vector<std::uint8_t> gray(64), colours;
  for (auto& g : gray) {
    g = static_cast<std::uint8_t>(random());
    colours.insert(colours.end(), 3, g);
  }
  CHECK(checksum(preprocess(Small{8}, Image{8, 8, Pixels::gray, gray}).values()) ==
        checksum(preprocess(Small{8}, Image{8, 8, Pixels::rgb, colours}).values()));
}

TEST_CASE("preprocess of several images equals that of each alone, and reuses the memory") {
  const std::vector<Image> images{synthetic(8), Image{8, 8, Pixels::gray, std::vector<std::uint8_t>(64, 200)},
                                  Image{8, 8, Pixels::rgba, std::vector<std::uint8_t>(256, 3)}};
  Images out;
  preprocess(Small{8}, images, out);
  REQUIRE(out.size() == 3);
  for (Index i = 0; i < 3; ++i)
    CHECK(checksum(std::as_const(out).image(i)) ==
          checksum(preprocess(Small{8}, images[static_cast<std::size_t>(i)]).values()));
  const float* const at = out.values().data();
  preprocess(Small{8}, std::span{images}.first(1), out);
  CHECK(out.values().data() == at);
  CHECK(out.size() == 1);
  preprocess(Small{8}, std::span<const Image>{}, out);
  CHECK(out.size() == 0);
}

TEST_CASE("preprocess without normalisation is a division by 255") {
  const Images out = preprocess(Small{8, {.mean = {0, 0, 0}, .deviation = {1, 1, 1}}},
                                Image{8, 8, Pixels::gray, std::vector<std::uint8_t>(64, 51)});
  for (float x : out.values()) CHECK(x == 51.0f / 255.0f);
}

TEST_CASE("preprocess: an image without pixels is an error with its index, and the output does not change") {
  const std::vector<Image> images{synthetic(8), Image{0, 8, Pixels::gray, {}}};
  Images out = preprocess(Small{8}, images[0]);
  const auto before = checksum(out.values());
  const auto result = try_preprocess(Small{8}, images, out);
  REQUIRE(!result);
  CHECK(result.error().kind() == ErrorKind::input);
  CHECK(result.error().message() == "preprocess: size of image 1: expected at least 1 x 1, found 0 x 8");
  ThreadPool threads{2};
  CHECK(try_preprocess(Small{8}, images, out, threads).error().message() == result.error().message());
  CHECK(checksum(out.values()) == before);
  CHECK_THROWS_AS((void)preprocess(Small{8}, Image{}), InputError);
  CHECK_THROWS_WITH_AS((void)preprocess(Small{0}, synthetic(8)), "preprocess: image_size: expected 1 ... 2^24, found 0",
                       OptionError);
}

namespace {
/// Bytes / 255 as values.
Small plain(Index size, Preprocessing how = {}) {
  how.mean = {0, 0, 0};
  how.deviation = {1, 1, 1};
  return {size, how};
}

/// The bytes of the values.
std::vector<int> bytes(const Images& images) {
  std::vector<int> all;
  for (float x : images.values()) all.push_back(static_cast<int>(x * 255.0f + 0.5f));
  return all;
}
std::vector<int> bytes(const Small& model, const Image& image) { return bytes(preprocess(model, image)); }

Image random_image(Index width, Index height, Pixels pixels) {
  std::mt19937 random{static_cast<unsigned>(31 * width + height)};
  std::vector<std::uint8_t> all(static_cast<std::size_t>(width * height * channels(pixels)));
  for (auto& b : all) b = static_cast<std::uint8_t>(random());
  return {width, height, pixels, all};
}
}  // namespace

TEST_CASE("ResizeMode::shortest resizes the shorter side and crops the centre; squash only resizes") {
  for (Interpolation interpolation : {Interpolation::bicubic, Interpolation::bilinear})
    for (const auto& [w, h] : {std::pair<Index, Index>{40, 32}, {17, 23}, {9, 4}, {4, 9}, {11, 300}}) {
      const Image image = random_image(w, h, Pixels::rgb);
      const Index width = w < h ? 16 : 16 * w / h, height = w < h ? 16 * h / w : 16;
      const Image whole = resize(image, width, height, interpolation);
      const auto half = [](Index n) { return n % 2 == 0 ? n / 2 : (n / 2 + 1) / 2 * 2; };  // ties to even
      const Image middle =
          Image::view(whole.row(half(height - 16)) + 3 * half(width - 16), 16, 16, whole.stride(), Pixels::rgb);
      CHECK(bytes(plain(16, {.resize = ResizeMode::shortest, .interpolation = interpolation}), image) ==
            bytes(plain(16), middle));
      CHECK(bytes(plain(16, {.resize = ResizeMode::squash, .interpolation = interpolation}), image) ==
            bytes(plain(16), resize(image, 16, 16, interpolation)));
    }
}

TEST_CASE("resize_to resizes to more than the crop; less than the crop is refused") {
  const Image image = random_image(40, 32, Pixels::rgb);
  const auto middle_of = [](const Image& whole) {
    return Image::view(whole.row((whole.height() - 16) / 2) + 3 * ((whole.width() - 16) / 2), 16, 16, whole.stride(),
                       Pixels::rgb);
  };
  CHECK(bytes(plain(16, {.resize_to = 24}), image) == bytes(plain(16), middle_of(resize(image, 30, 24))));
  CHECK(bytes(plain(16, {.resize_to = 32}), image) == bytes(plain(16), middle_of(image)));
  CHECK(bytes(plain(16, {.resize = ResizeMode::squash, .resize_to = 20}), image) ==
        bytes(plain(16), middle_of(resize(image, 20, 20))));
  CHECK(bytes(plain(16, {.resize_to = 16}), image) == bytes(plain(16), image));
  for (const Index less : {Index{15}, Index{-1}})
    CHECK_THROWS_AS((void)preprocess(plain(16, {.resize_to = less}), image), OptionError);
}

TEST_CASE("the crop's corner is rounded half to even in OpenAI's order, and down in Hugging Face's") {
  for (const auto& [extra, openai, huggingface] :
       {std::array<Index, 3>{1, 0, 0}, {2, 1, 1}, {3, 2, 1}, {4, 2, 2}, {5, 2, 2}, {7, 4, 3}, {9, 4, 4}, {11, 6, 5}}) {
    const Image wide = random_image(8 + extra, 8, Pixels::gray);
    CHECK(bytes(plain(8), wide)[0] == wide.row(0)[openai]);
    CHECK(bytes(plain(8, {.color_order = ColorOrder::huggingface}), wide)[0] == wide.row(0)[huggingface]);
    const Image tall = random_image(8, 8 + extra, Pixels::gray);
    CHECK(bytes(plain(8), tall)[0] == tall.row(openai)[0]);
    CHECK(bytes(plain(8, {.color_order = ColorOrder::huggingface}), tall)[0] == tall.row(huggingface)[0]);
  }
}

TEST_CASE("only OpenAI's order weights colours by alpha; without alpha the orders agree") {
  const Image rgba = random_image(20, 20, Pixels::rgba);
  std::vector<std::uint8_t> rgb;
  for (Index i = 0; i < 400; ++i) rgb.insert(rgb.end(), rgba.row(0) + 4 * i, rgba.row(0) + 4 * i + 3);
  const Image without{20, 20, Pixels::rgb, rgb};
  const Small openai = plain(7), huggingface = plain(7, {.color_order = ColorOrder::huggingface});
  CHECK(bytes(huggingface, rgba) == bytes(huggingface, without));
  CHECK(bytes(openai, without) == bytes(huggingface, without));
  CHECK(bytes(openai, rgba) != bytes(huggingface, rgba));
}

TEST_CASE("only OpenAI's order resizes palettes by nearest neighbour") {
  const Image palette = random_image(20, 20, Pixels::rgb).as_palette(), colours = random_image(20, 20, Pixels::rgb);
  const Small openai = plain(7), huggingface = plain(7, {.color_order = ColorOrder::huggingface});
  CHECK(bytes(huggingface, palette) == bytes(huggingface, colours));
  CHECK(bytes(openai, palette) != bytes(openai, colours));
  CHECK(bytes(openai, palette) == bytes(openai, resize(palette, 7, 7)));
}

TEST_CASE("the resampling decides the resize; torchvision's images are RGB first in any order") {
  const auto with = [](Resampling resampling, ColorOrder order = ColorOrder::huggingface) {
    return plain(16, {.resize = ResizeMode::squash, .color_order = order, .resampling = resampling});
  };
  const Image tall = random_image(20, 90, Pixels::rgb), rgba = random_image(20, 90, Pixels::rgba);
  for (const Resampling resampling : resamplings)
    CHECK(bytes(with(resampling), tall) == bytes(plain(16), resize(tall, 16, 16, Interpolation::bicubic, resampling)));
  CHECK(bytes(with(Resampling::pillow13), tall) != bytes(with(Resampling::pillow12), tall));
  CHECK(bytes(with(Resampling::torchvision), tall) != bytes(with(Resampling::pillow12), tall));
  const Small openai = with(Resampling::torchvision, ColorOrder::openai);
  for (const Image* image : {&rgba, &tall})
    CHECK(bytes(openai, *image) == bytes(with(Resampling::torchvision), to_rgb(*image)));
  CHECK(bytes(with(Resampling::torchvision), rgba) == bytes(openai, to_rgb_on_white(rgba)));  // as transformers 5
  CHECK(bytes(with(Resampling::torchvision), rgba) != bytes(openai, to_rgb(rgba)));
  CHECK(bytes(openai, random_image(20, 20, Pixels::rgb).as_palette()) ==
        bytes(openai, random_image(20, 20, Pixels::rgb)));
}

TEST_CASE("preprocess gives the same floats on any number of threads, also while other callers use them") {
  std::vector<Image> images;
  for (Index i = 0; i < 23; ++i)
    images.push_back(random_image(5 + 7 * i, 90 - 3 * i,
                                  i % 3 == 0   ? Pixels::gray
                                  : i % 3 == 1 ? Pixels::rgb
                                               : Pixels::rgba));
  const Images alone = preprocess(Small{24}, images);
  for (int n : {1, 2, 5}) {
    ThreadPool threads{n};
    Images out;
    preprocess(Small{24}, images, out, threads);
    CHECK(checksum(out.values()) == checksum(alone.values()));
    const ThreadPool::Lock lock{threads};
    Images meanwhile;
    preprocess(Small{24}, images, meanwhile, threads);
    CHECK(checksum(meanwhile.values()) == checksum(alone.values()));
  }
}

TEST_CASE("preprocess of extremely long images computes only the crop") {
  const std::vector<std::uint8_t> pixels(1 << 20, 77);
  const Image wide = Image::view(pixels.data(), 1 << 20, 1, 1 << 20, Pixels::gray),
              tall = Image::view(pixels.data(), 1, 1 << 20, 1, Pixels::gray);
  const std::vector<int> expected(3 * 64 * 64, 77);
  CHECK(bytes(plain(64), wide) == expected);
  CHECK(bytes(plain(64), tall) == expected);
}

TEST_CASE("preprocess refuses a model whose input is not three channels") {
  struct Grey : Small {
    Index channels = 1;
  };
  CHECK_THROWS_WITH_AS((void)preprocess(Grey{{8}}, synthetic(8)),
                       "preprocess: channels of the model's input: expected 3, found 1", OptionError);
}

TEST_CASE("other pixel formats are resized in their own way, then converted: known images have known checksums") {
  // p(y, x, c) = 7x + 13y + 29c + 5((xy) mod 17) mod 256, 50 x 40
  const auto pattern = [](Index count) {
    std::vector<std::uint8_t> all;
    for (Index y = 0; y < 40; ++y)
      for (Index x = 0; x < 50; ++x)
        for (Index c = 0; c < count; ++c)
          all.push_back(static_cast<std::uint8_t>(7 * x + 13 * y + 29 * c + 5 * ((x * y) % 17)));
    return all;
  };
  std::vector<std::uint8_t> colors;
  for (const std::uint8_t i : pattern(1))
    for (int k = 0; k < 3; ++k) colors.push_back(static_cast<std::uint8_t>(37 * i + 11 * k));
  struct Known {
    Image image;
    std::uint32_t crc;
    std::vector<int> first;
  };
  for (const Known& known : {Known{{50, 40, Pixels::rgba, pattern(4)}, 0x04DCD8D9, {39, 71, 99}},
                             Known{{50, 40, Pixels::gray, pattern(1)}, 0xBEAC555E, {41, 41, 41}},
                             Known{{50, 40, Pixels::cmyk, pattern(4)}, 0x6831B598, {107, 92, 78}},
                             Known{Image{50, 40, Pixels::rgb, colors}.as_palette(), 0xA00AA032, {15, 26, 37}}}) {
    const std::vector<int> planes = bytes(plain(32), known.image);
    std::vector<std::uint8_t> pixels;
    for (std::size_t i = 0; i < 32 * 32; ++i)
      for (std::size_t c = 0; c < 3; ++c) pixels.push_back(static_cast<std::uint8_t>(planes[c * 32 * 32 + i]));
    CHECK(crc32(std::as_bytes(std::span{pixels})) == known.crc);
    CHECK(std::vector<int>(pixels.begin(), pixels.begin() + 3) == known.first);
  }
}

TEST_CASE("only Hugging Face's order converts CMYK and 16-bit grey before resizing") {
  const Image cmyk = random_image(20, 20, Pixels::cmyk), deep = random_image(20, 20, Pixels::gray16);
  const Small openai = plain(7), huggingface = plain(7, {.color_order = ColorOrder::huggingface});
  for (const Image* image : {&cmyk, &deep}) {
    CHECK(bytes(huggingface, *image) == bytes(huggingface, to_rgb(*image)));
    CHECK(bytes(openai, *image) == bytes(openai, to_rgb(resize(*image, 7, 7))));
    CHECK(bytes(openai, *image) != bytes(huggingface, *image));
    CHECK(bytes(plain(20), *image) == bytes(plain(20), to_rgb(*image)));
  }
}
