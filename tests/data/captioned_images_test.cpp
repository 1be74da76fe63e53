#include <clip/data/caption_source.hpp>
#include <clip/data/captioned_images.hpp>

#include "../io/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

using namespace clip;

namespace {
/// An image of one colour.
void put_image(const std::string& path, char red) {
  std::string bytes = "P6 2 2 255\n";
  for (int i = 0; i < 4; ++i) bytes += {red, 0, 0};
  put(path, bytes);
}
}  // namespace

TEST_CASE("caption table: lines of one image are its captions, wherever they stand") {
  const TemporaryFolder folder;
  for (const char* name : {"a.ppm", "b.ppm"}) put_image(folder / name, 1);
  put(folder / "list.csv", "caption,image\none,b.ppm\n\"two, three\",a.ppm\nfour,b.ppm\n");
  const CaptionedImages list = try_caption_table(folder / "list.csv").value();
  CHECK(list.images == std::vector<std::string>{folder / "b.ppm", folder / "a.ppm"});
  CHECK(list.captions == std::vector<std::vector<std::string>>{{"one", "four"}, {"two, three"}});
  CHECK(list.all_captions() == std::vector<std::string>{"one", "four", "two, three"});
  put(folder / "gone.csv", "image,caption\na.ppm,one\nc.ppm,two\n");
  const auto gone = try_caption_table(folder / "gone.csv");
  REQUIRE(!gone);
  CHECK(gone.error().message() ==
        folder / "gone.csv" + ": line 3: image: expected a file, found no " + (folder / "c.ppm"));
  CHECK(!try_caption_table(folder / "list.csv", {.caption_column = "text"}));
  std::filesystem::create_directories(folder / "inner");
  put(folder / "inner/list.csv", "image,caption\na.ppm,one\n");
  CHECK(!try_caption_table(folder / "inner/list.csv"));
  CHECK(try_caption_table(folder / "inner/list.csv", {.images = folder.path}));
}

TEST_CASE("caption folder: a text file beside every image, a caption per line") {
  const TemporaryFolder folder;
  put_image(folder / "b.ppm", 1);
  put_image(folder / "a.photo.ppm", 2);
  put(folder / "b.txt", "one\ntwo\n");
  CHECK(!try_caption_folder(folder.path));
  put(folder / "a.photo.txt", "\n");
  const auto none = try_caption_folder(folder.path);
  REQUIRE(!none);
  CHECK(none.error().message() == folder / "a.photo.txt" + ": no lines");
  put(folder / "a.photo.txt", "three");
  const CaptionedImages list = try_caption_folder(folder.path).value();
  CHECK(list.captions == std::vector<std::vector<std::string>>{{"three"}, {"one", "two"}});
}

TEST_CASE("caption source: every caption of an image is drawn about as often, by the stream of the step alone") {
  const TemporaryFolder folder;
  put_image(folder / "a.ppm", static_cast<char>(0));
  put_image(folder / "b.ppm", static_cast<char>(255));
  CaptionedImages files{"here", {folder / "a.ppm", folder / "b.ppm"}, {{"x", "y", "z"}, {"w"}}};
  Texts captions = Texts::whole(0);
  for (const std::int32_t id : {1, 2, 3, 4}) captions.add(std::vector<std::int32_t>{id});
  const ImageInput input{.image_size = 2, .channels = 3, .preprocessing = {}};
  CaptionSource source{files, captions, input, 2};
  CHECK(source.size() == 2);
  std::map<std::int32_t, int> often;
  Pairs one, other;
  const std::vector<Index> items{1, 0};
  for (std::uint64_t step = 0; step < 300; ++step) {
    source.batch(items, Rng{step}, one);
    REQUIRE(one.texts.size() == 2);
    CHECK(one.texts[0][0] == 4);
    ++often[one.texts[1][0]];
    source.batch(items, Rng{step}, other);
    CHECK(other.texts[1][0] == one.texts[1][0]);
  }
  CHECK(one.images.image(0)[0] > one.images.image(1)[0]);
  for (const std::int32_t id : {1, 2, 3}) CHECK((often[id] > 70 && often[id] < 130));  // 100 ± 8
  put(folder / "a.ppm", "no image");
  CHECK_THROWS_AS(source.batch(items, Rng{1}, one), Error);
  CHECK_THROWS_AS((CaptionSource{files, captions, input, 1, Augmentation{.flip = 2}}), OptionError);
  captions.add(std::vector<std::int32_t>{5});
  CHECK_THROWS_AS((CaptionSource{files, captions, input}), ShapeError);
}

TEST_CASE(
    "caption source: augmented images are those of augment(), by the stream of the step, on any number of threads") {
  const TemporaryFolder folder;
  std::string bytes = "P6 6 4 255\n";
  for (int i = 0; i < 72; ++i) bytes += static_cast<char>(i * 3);
  put(folder / "a.ppm", bytes);
  Texts captions = Texts::whole(0);
  captions.add(std::vector<std::int32_t>{1});
  const ImageInput input{.image_size = 3, .channels = 3, .preprocessing = {}};
  const Augmentation how{.crop = {.scale = {0.3, 1}}, .jitter = {.brightness = 0.4}};
  const CaptionedImages files{"here", {folder / "a.ppm"}, {{"x"}}};
  CaptionSource plain{files, captions, input, 1}, one{files, captions, input, 1, how},
      two{files, captions, input, 2, how};
  const std::vector<Index> items{0, 0, 0};
  const std::vector<Image> images(3, read_image(folder / "a.ppm"));
  Pairs as_is, first, second, later;
  plain.batch(items, Rng{1}, as_is);
  one.batch(items, Rng{1}, first);
  two.batch(items, Rng{1}, second);
  one.batch(items, Rng{2}, later);
  Images expected;
  detail::augment(input, how, images, Rng{1}.fork("augmentation"), expected, nullptr);
  CHECK(std::ranges::equal(first.images.values(), expected.values()));
  CHECK(std::ranges::equal(second.images.values(), expected.values()));
  CHECK(!std::ranges::equal(later.images.values(), expected.values()));
  CHECK(!std::ranges::equal(as_is.images.values(), expected.values()));
  CHECK(!std::ranges::equal(first.images.image(0), first.images.image(1)));  // each image has draws of its own
}
