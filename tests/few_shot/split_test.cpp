#include <clip/few_shot/split.hpp>
#include <clip/few_shot/split_file.hpp>

#include "../io/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <vector>

using namespace clip;

namespace {

/// sizes[c] images of class c, in an order in which classes alternate.
LabelledImages list(const std::vector<Index>& sizes) {
  LabelledImages images{.place = "set"};
  for (std::size_t c = 0; c < sizes.size(); ++c) images.classes.push_back("class " + std::to_string(c));
  for (Index k = 0; k < std::ranges::max(sizes); ++k)
    for (std::size_t c = 0; c < sizes.size(); ++c)
      if (k < sizes[c]) {
        images.labels.push_back(static_cast<std::int32_t>(c));
        images.names.push_back(std::to_string(c) + '/' + std::to_string(k));
      }
  return images;
}
Index count(const LabelledImages& images, const std::vector<Index>& set, std::int32_t c) {
  return std::ranges::count_if(set, [&](Index i) { return images.labels[static_cast<std::size_t>(i)] == c; });
}

}  // namespace

TEST_CASE("a split has each image once, and the rounded shares of each class") {
  const std::vector<Index> sizes{31, 40, 25, 5, 1, 118};
  const auto images = list(sizes);
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const ImageSplit split = try_split(images, {}, Rng{seed}).value();
    std::set<Index> all;
    for (const auto* set : {&split.train, &split.validation, &split.test}) all.insert(set->begin(), set->end());
    CHECK(all.size() == static_cast<std::size_t>(images.size()));
    CHECK(split.train.size() + split.validation.size() + split.test.size() == all.size());
    for (std::size_t c = 0; c < sizes.size(); ++c) {
      const double n = static_cast<double>(sizes[c]);
      CHECK(count(images, split.train, static_cast<std::int32_t>(c)) == std::nearbyint(0.5 * n));
      CHECK(count(images, split.validation, static_cast<std::int32_t>(c)) == std::nearbyint(0.2 * n));
    }
  }
}

TEST_CASE("a split depends on the seed, and in each class on no other class") {
  const auto images = list({20, 30});
  CHECK(try_split(images, {}, Rng{1})->train == try_split(images, {}, Rng{1})->train);
  CHECK(try_split(images, {}, Rng{1})->train != try_split(images, {}, Rng{2})->train);
  const auto names = [](const LabelledImages& of, const std::vector<Index>& set) {
    std::vector<std::string> found;
    for (const Index i : set)
      if (of.labels[static_cast<std::size_t>(i)] == 0) found.push_back(of.names[static_cast<std::size_t>(i)]);
    return found;
  };
  const auto more = list({20, 7, 9});
  CHECK(names(images, try_split(images, {}, Rng{1})->train) == names(more, try_split(more, {}, Rng{1})->train));
}

TEST_CASE("test images of their own are the test set") {
  const auto images = list({20, 30});
  const ImageSplit split = try_split(images, {.train = 0.8, .validation = 0.2}, Rng{1}, 40).value();
  CHECK(split.test.size() == 10);
  CHECK(std::ranges::min(split.test) == 40);
  CHECK(split.train.size() + split.validation.size() == 40);
  CHECK(!try_split(images, {.train = 0.9, .validation = 0.2}, Rng{1}));
  CHECK(!try_split(images, {.train = std::nan("")}, Rng{1}));
}

TEST_CASE("shots: k of each class from the training images, min(k, 4) from the validation images") {
  const std::vector<Index> sizes{32, 40, 60};
  const auto images = list(sizes);
  const ImageSplit split = try_split(images, {}, Rng{3}).value();
  for (const Index k : {1, 2, 4, 8, 16}) {
    const FewShotSubset few = try_few_shot_subset(images, split, k, Rng{4}).value();
    CHECK(std::set<Index>(few.train.begin(), few.train.end()).size() == few.train.size());
    for (const Index i : few.train) CHECK(std::ranges::count(split.train, i) == 1);
    for (const Index i : few.validation) CHECK(std::ranges::count(split.validation, i) == 1);
    for (std::int32_t c = 0; c < 3; ++c) {
      CHECK(count(images, few.train, c) == k);
      CHECK(count(images, few.validation, c) == std::min<Index>(k, 4));
    }
  }
  const auto error = try_few_shot_subset(images, split, 17, Rng{4}).error();
  CHECK(error.id() == "clip.input.shots");
  CHECK(error.message() == "set: training images of class \"class 0\": expected 17 or more, one per shot, found 16");
}

TEST_CASE("a split is written once, and read from then on") {
  const TemporaryFolder folder;
  const auto images = list({10, 10});
  const SplitFacts facts{.fingerprint = std::string(64, 'a'), .seed = 18446744073709551615ULL, .kind = "split"};
  const auto made = try_split(images, {}, Rng{1}).value(), other = try_split(images, {}, Rng{2}).value();
  const std::string path = folder / "split.json";
  CHECK(try_keep_split(path, images, facts, made)->train == made.train);
  const std::string text = get(path);
  CHECK(text.find("\n  \"0/0\"") != std::string::npos);  // an image on a line
  const auto kept = try_keep_split(path, images, facts, other).value();
  CHECK(kept.train == made.train);
  CHECK(kept.validation == made.validation);
  CHECK(kept.test == made.test);
  CHECK(get(path) == text);

  SplitFacts changed = facts;
  changed.fingerprint = std::string(64, 'b');
  const auto error = try_keep_split(path, images, changed, made).error();
  CHECK(error.id() == "clip.load.changed");
  CHECK(error.message().find("set has changed since") != std::string::npos);
  changed = facts;
  changed.seed = 1;
  CHECK(!try_keep_split(path, images, changed, made));
  changed = facts;
  changed.kind = "shots";
  CHECK(!try_keep_split(path, images, changed, made));
}

TEST_CASE("a damaged split file is an error") {
  const TemporaryFolder folder;
  const auto images = list({4, 4});
  const SplitFacts facts{.fingerprint = "f", .seed = 1, .kind = "k"};
  const std::string path = folder / "split.json";
  const auto read = [&](const std::string& text) {
    put(path, text);
    return try_keep_subset(path, images, facts, {});
  };
  const std::string start = R"({"dataset": "set", "fingerprint": "f", "kind": "k", "seed": 1, )";
  CHECK(read(start + R"("train": ["0/1"], "validation": ["1/1"]})")->validation == std::vector<Index>{3});
  for (const char* rest : {R"("train": ["0/1"], "validation": ["0/1"]})", R"("train": ["0/9"], "validation": []})",
                           R"("train": ["0/1", "0/1"], "validation": []})", R"("train": ["0/1"]})",
                           R"("train": [1], "validation": []})", R"("train": [], "validation": [], "x": 1})", ""})
    CHECK(read(start + rest).error().kind() == ErrorKind::load);
  CHECK(read(R"({"fingerprint": "f", "kind": "k", "seed": -1, "train": [], "validation": []})").error().kind() ==
        ErrorKind::load);
}
