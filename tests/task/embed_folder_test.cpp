#include <clip/core/rng.hpp>
#include <clip/core/stop.hpp>
#include <clip/io/bytes.hpp>
#include <clip/task/embed_folder.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "../io/temporary_folder.hpp"

using namespace clip;

namespace {

/// A mock model: three numbers of every image, and a record of the batch sizes.
struct Means {
  mutable std::vector<Index> batches{};

  ImageInput input() const { return {8, 3, {}}; }
  Features<float, dyn> encode_image(const Images& images) const {
    batches.push_back(images.size());
    Features<float, dyn> features{images.size(), 3};
    for (Index i = 0; i < images.size(); ++i)
      for (std::size_t c = 0; c < 3; ++c)
        for (const float x : images.image(i).subspan(c * 64, 64)) features[i][c] += x;
    return features;
  }
};

/// An image of noise as a PPM.
std::string noise_ppm(std::uint64_t seed, int width, int height) {
  std::string file = "P6 " + std::to_string(width) + " " + std::to_string(height) + " 255\n";
  Rng rng{seed};
  for (int i = 0; i < width * height * 3; ++i) file += static_cast<char>(rng.below(256));
  return file;
}

/// Writes n images of several sizes; a file is invalid if broken(its index).
template <class Broken>
void fill_folder(const TemporaryFolder& folder, int n, Broken broken) {
  for (int i = 0; i < n; ++i) {
    const std::string name = folder / (std::to_string(1000 + i) + ".ppm");
    put(name, broken(i) ? "not an image" : noise_ppm(static_cast<std::uint64_t>(i), 9 + i % 7, 8 + i % 5));
  }
}
const auto none = [](int) { return false; };

}  // namespace

TEST_CASE(
    "a folder's files are listed once, in order, with the features of a single image, for any batch size and number "
    "of readers") {
  const TemporaryFolder folder;
  fill_folder(folder, 23, none);
  for (const Index batch : {1, 4, 23, 50})
    for (const int readers : {1, 3}) {
      const Means model;
      int i = 0;
      for (auto& item : embed_folder(model, folder.path, {.batch = batch, .readers = readers})) {
        REQUIRE(item);
        CHECK(item->path == folder / (std::to_string(1000 + i++) + ".ppm"));
        const auto alone = model.encode_image(preprocess(model.input(), read_image(item->path)));
        CHECK(std::ranges::equal(item->features[0], alone[0]));
      }
      CHECK(i == 23);
    }
}

TEST_CASE("an unreadable file is an error at its position, and does not affect the others") {
  const TemporaryFolder folder;
  fill_folder(folder, 20, [](int i) { return i % 3 == 1 || i >= 16; });  // the last batches of two are empty
  const Means model;
  auto range = embed_folder(model, folder.path, {.batch = 2});
  int i = 0;
  for (auto& item : range) {
    const std::string path = folder / (std::to_string(1000 + i) + ".ppm");
    const bool broken = i % 3 == 1 || i >= 16;
    CHECK(item.has_value() != broken);
    if (broken) {
      CHECK(item.error().message().starts_with(path + ": not an image"));
    } else {
      const auto alone = model.encode_image(preprocess(model.input(), read_image(path)));
      CHECK(std::ranges::equal(item->features[0], alone[0]));
    }
    ++i;
  }
  CHECK(i == 20);
  CHECK(range.failed() == 9);
  CHECK(range.size() == 20);
  CHECK_FALSE(range.stopped());
  for (const Index n : model.batches) CHECK(n > 0);
}

TEST_CASE("image files are recognised by extension, with or without subfolders") {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder / "inner");
  for (const char* name : {"a.PPM", "b.txt", "ppm", ".ppm", "inner/c.ppm"}) put(folder / name, noise_ppm(1, 8, 8));
  const Means model;
  const auto walk = [&](Below below) {
    std::vector<std::string> paths;
    for (auto& item : embed_folder(model, folder.path, {.below = below})) paths.push_back(item->path);
    return paths;
  };
  CHECK(walk(Below::subfolders) == std::vector<std::string>{folder / "a.PPM", folder / "inner/c.ppm"});
  CHECK(walk(Below::folder) == std::vector<std::string>{folder / "a.PPM"});
}

TEST_CASE("a missing folder and a folder without images are errors") {
  const TemporaryFolder folder;
  const Means model;
  CHECK(try_embed_folder(model, folder / "none").error().message().starts_with(folder / "none: no such file"));
  CHECK(try_embed_folder(model, folder.path)
            .error()
            .message()
            .starts_with(folder.path + ": no images (looked for names ending with .bmp, "));
  CHECK_THROWS_AS(embed_files(model, {"x.ppm"}, {.batch = 0}), OptionError);
}

TEST_CASE("a list may name what are no files: its images come from the caller's reader") {
  const Means model;
  const auto read = [](const std::string& name) -> Result<Image> {
    if (name == "none") return InputError{name, "not in the archive"};
    return try_decode_image(as_byte_span(noise_ppm(name.size(), 9, 8)), name);
  };
  std::vector<std::string> seen;
  for (auto& item : embed_files(model, {"a", "none", "ccc"}, {.batch = 2, .reader = read}))
    seen.push_back(item ? item->path : item.error().message());
  CHECK(seen == std::vector<std::string>{"a", "none: not in the archive", "ccc"});
}

TEST_CASE("a list without files is an empty range") {
  const Means model;
  for (auto& item : embed_files(model, {})) FAIL(item.has_value());
  CHECK(model.batches.empty());
}

TEST_CASE("progress counts files and failures, batch by batch") {
  const TemporaryFolder folder;
  fill_folder(folder, 7, [](int i) { return i == 4; });
  const Means model;
  std::vector<Index> seen;
  for (auto& item : embed_folder(model, folder.path, {.batch = 3, .progress = [&](EmbedProgress p) {
                                                        seen.insert(seen.end(), {p.done, p.total, p.failed});
                                                      }}))
    (void)item;
  CHECK(seen == std::vector<Index>{3, 7, 0, 6, 7, 1, 7, 7, 1});
}

TEST_CASE("a stop request ends the range after the current batch; before the first batch the range is empty") {
  const TemporaryFolder folder;
  fill_folder(folder, 50, none);
  const Means model;
  std::stop_source stop;
  auto range = embed_folder(model, folder.path, {.batch = 5, .stop = stop.get_token()});
  int walked = 0;
  for (auto& item : range) {
    CHECK(item.has_value());
    if (++walked == 7) stop.request_stop();
  }
  CHECK(walked == 10);
  CHECK(range.stopped());
  for (auto& item : embed_folder(model, folder.path, {.stop = stop.get_token()})) FAIL(item.has_value());
}

TEST_CASE("a stop of the whole process ends the range after the current batch") {
  const TemporaryFolder folder;
  fill_folder(folder, 12, none);
  const Means model;
  auto range = embed_folder(model, folder.path, {.batch = 3, .readers = 2});
  int items = 0;
  for (auto& item : range) {
    CHECK(item.has_value());
    if (++items == 2) request_stop();
  }
  withdraw_stop();
  CHECK(items == 3);
  CHECK(range.stopped());
}

TEST_CASE("leaving a range early stops its readers") {
  const TemporaryFolder folder;
  fill_folder(folder, 50, none);
  const Means model;
  for (auto& item : embed_folder(model, folder.path, {.batch = 2, .readers = 3})) {
    CHECK(item.has_value());
    break;
  }
  (void)embed_folder(model, folder.path);
}

TEST_CASE("no more than two batches are read ahead of the caller") {
  const TemporaryFolder folder;
  fill_folder(folder, 12, none);
  ReadAhead ahead{image_files(folder.path), {8, 3, {}}, {.batch = 2, .readers = 4}};
  REQUIRE(ahead.next() != nullptr);
  // Removes the files that are next in the list: an error shows that they were not read ahead.
  for (int i = 4; i < 12; ++i) std::filesystem::remove(folder / (std::to_string(1000 + i) + ".ppm"));
  const ImageBatch* batch = ahead.next();
  REQUIRE(batch != nullptr);
  CHECK(batch->images.size() == 2);
  batch = ahead.next();
  REQUIRE(batch != nullptr);
  CHECK(batch->first == 4);
  CHECK(batch->images.size() == 0);
  CHECK(batch->errors.size() == 2);
}
