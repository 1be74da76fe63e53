#include <clip/few_shot/run.hpp>
#include <clip/model/any_model.hpp>
#include <clip/tokenizer/tokenizer.hpp>

#include "../io/temporary_folder.hpp"
#include "noise_images.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <map>
#include <string>
#include <vector>

using namespace clip;

namespace {

const AnyModel<>& model() {
  static const AnyModel<> made{AnyConfig{tiny_clip}, Rng{1}};
  return made;
}
const Tokenizer& tokenizer() {
  static const Tokenizer bytes;
  return bytes;
}

/// Records what it is given; its scores are those of guessing.
struct RecordingMethod {
  static constexpr std::string_view name = "recording";
  static constexpr bool learns = true;
  struct Given {
    std::vector<float> test;
    std::vector<Index> train, validation;
    std::uint32_t random;
  };
  static std::map<std::string, Given>& given() {
    static std::map<std::string, Given> all;
    return all;
  }

  void read(JsonReader&) {}
  JsonTree options() const { return Json::object(); }
  Tensor<float> scores(const FewShotTask<AnyModel<>>& task) const {
    Rng rng = task.rng;
    given()[task.folder.substr(task.folder.find("runs/") + 5)] = {
        {task.test.values().begin(), task.test.values().end()}, task.train_images, task.validation_images, rng.bits()};
    return Tensor<float>{{task.test.size(), task.setting.class_count()}};
  }
};
using Recording = FewShotMethods<ZeroShotMethod, RecordingMethod>;
using Methods = FewShotMethods<ZeroShotMethod, LinearProbeMethod, ClipAdapterMethod>;

FewShotOptions options(const std::string& output) {
  return {.output = output,
          .methods = {{"zero-shot"},
                      {"linear-probe", {{"C", 1.0}}},
                      {.name = "clip-adapter", .options = {{"epochs", 3}}, .label = "adapter, short"}},
          .shots = {1, 2},
          .seeds = {1, 2},
          .templates = {"a {}"}};
}
FewShotOptions good(const std::string& output) {
  FewShotOptions o = options(output);
  o.methods[2].label = "adapter";
  return o;
}
/// The message of the error that an experiment ends with; empty: none.
std::string error_of(const LabelledImages& images, const FewShotOptions& options, std::string* id = nullptr) {
  try {
    run_few_shot<Methods>(model(), tokenizer(), images, options);
  } catch (const Error& error) {
    if (id != nullptr) *id = error.id();
    return error.message();
  }
  return {};
}

}  // namespace

TEST_CASE("all methods of a seed have the same test images; every run has its own random stream") {
  const TemporaryFolder folder;
  RecordingMethod::given().clear();
  FewShotOptions two = good(folder / "out");
  two.methods = {{"recording"}, {.name = "recording", .label = "again"}};
  run_few_shot<Recording>(model(), tokenizer(), images_of_noise(), two);
  auto& given = RecordingMethod::given();
  REQUIRE(given.size() == 8);
  for (const char* seed : {"seed-1", "seed-2"}) {
    const auto at = [&](const char* run) -> RecordingMethod::Given& { return given[std::string(run) + seed]; };
    for (const char* run : {"recording/2-shots/", "again/1-shots/", "again/2-shots/"})
      CHECK(at(run).test == at("recording/1-shots/").test);
    CHECK(at("recording/2-shots/").train == at("again/2-shots/").train);
    CHECK(at("recording/2-shots/").train.size() == 6);
    CHECK(at("recording/2-shots/").random != at("again/2-shots/").random);
    CHECK(at("recording/2-shots/").random != at("recording/1-shots/").random);
  }
  CHECK(given["recording/1-shots/seed-1"].test != given["recording/1-shots/seed-2"].test);
  CHECK(given["recording/1-shots/seed-1"].test.size() == 12 * 8);  // 6, 2 and 4 of the 12 of a class
}

TEST_CASE("an experiment that is interrupted after each run ends with the table of one that was not") {
  const TemporaryFolder folder;
  const auto whole = run_few_shot<Methods>(model(), tokenizer(), images_of_noise(), good(folder / "whole"));
  REQUIRE(whole.size() == 2 + 4 + 4);
  for (const FewShotResult& result : whole) CHECK(result.accuracies.top1 <= 1);
  for (int times = 0;; ++times) {
    struct Interrupted {};
    try {
      Index before = -1;
      run_few_shot<Methods>(model(), tokenizer(), images_of_noise(), good(folder / "parts"),
                            [&](const std::string& what, Index done, Index total) {
                              if (what == "running methods" && done > times && done < total) throw Interrupted{};
                              before = done;
                            });
      break;
    } catch (const Interrupted&) { REQUIRE(times < 20); }
  }
  for (const char* file : {"/table.md", "/table.csv", "/table.json", "/chart.svg", "/chart.png"})
    CHECK(get(folder / ("whole" + std::string(file))) == get(folder / ("parts" + std::string(file))));

  // The runs are kept: nothing is written again.
  const std::string log = get(folder / "whole/runs/adapter/2-shots/seed-1/log.jsonl");
  CHECK(std::count(log.begin(), log.end(), '\n') == 3);
  run_few_shot<Methods>(model(), tokenizer(), images_of_noise(), good(folder / "whole"));
  CHECK(get(folder / "whole/runs/adapter/2-shots/seed-1/log.jsonl") == log);
  CHECK(!std::filesystem::exists(folder / "whole/runs/adapter/2-shots/seed-1/checkpoint.safetensors"));

  // More shots and methods are added to what is there.
  FewShotOptions more = good(folder / "whole");
  more.shots = {1, 2, 4};
  more.methods.push_back({.name = "linear-probe", .label = "probe C 0.316"});
  const auto added = run_few_shot<Methods>(model(), tokenizer(), images_of_noise(), more);
  CHECK(added.size() == 2 + 6 + 6 + 6);
  for (const FewShotResult& result : whole)
    CHECK(std::ranges::any_of(added, [&](const FewShotResult& r) {
      return r.method == result.method && r.shots == result.shots && r.seed == result.seed &&
             r.accuracies.top1 == result.accuracies.top1;
    }));
}

TEST_CASE("what cannot be is found before an image is encoded") {
  const TemporaryFolder folder;
  const auto images = images_of_noise();
  const auto with = [&](auto&& change) {
    FewShotOptions changed = good(folder / "out");
    change(changed);
    return error_of(images, changed);
  };
  const auto has = [](const std::string& message, const char* part) { return message.find(part) != message.npos; };
  CHECK(has(error_of(images, options(folder / "out")), "label of a method"));  // a comma
  CHECK(has(with([](auto& o) { o.methods[1].name = "lineer-probe"; }), "one of zero-shot, linear-probe, clip-adapter"));
  CHECK(has(with([](auto& o) { o.methods[1].options["c"] = 1; }), "c: unknown key"));
  CHECK(has(with([](auto& o) { o.methods[1].options["C"] = 0; }), "C: expected a number above 0"));
  CHECK(has(with([](auto& o) { o.methods[1].options["C"] = "x"; }), "C: expected a number"));
  CHECK(has(with([](auto& o) { o.methods[2].label = "zero-shot"; }), "twice"));
  CHECK(has(with([](auto& o) { o.methods[2].label = "../x"; }), "label of a method"));
  CHECK(has(with([](auto& o) { o.shots = {1, 1}; }), "1 twice"));
  CHECK(has(with([](auto& o) { o.shots = {0}; }), "shots: expected 1 or more"));
  CHECK(has(with([](auto& o) { o.seeds = {}; }), "seeds"));
  CHECK(has(with([](auto& o) { o.shots = {1, 7}; }), "class \"red\": expected 7 or more, one per shot, found 6"));
  CHECK(has(with([](auto& o) { o.templates = {"a photo"}; }), "where the name goes"));
  CHECK(has(with([](auto& o) { o.split = {0.6, 0.4}; }), "test images of the split"));

  LabelledImages changed = images_of_noise();
  changed.classes[2] = "red";
  CHECK(has(error_of(changed, good(folder / "out")), "classes named \"red\": expected 1, found 2"));
  changed = images_of_noise();
  changed.labels[5] = 3;
  CHECK(has(error_of(changed, good(folder / "out")), "colors/5: label: expected below 3, found 3"));
  changed = images_of_noise();
  changed.classes[1] = "a class with a name that is longer than the context of the model";
  std::string id;
  CHECK(!error_of(changed, good(folder / "out"), &id).empty());
  CHECK(id == "clip.input.tokens");
  CHECK(!std::filesystem::exists(folder / "out"));
}

TEST_CASE("a folder of another dataset, or of runs with other settings, is refused") {
  const TemporaryFolder folder;
  FewShotOptions o = good(folder / "out");
  o.methods.pop_back();
  o.shots = {1};
  CHECK(error_of(images_of_noise(), o) == "");
  std::string id;
  CHECK(error_of(images_of_noise(91), o, &id).find("colors has changed since") != std::string::npos);
  CHECK(id == "clip.load.changed");
  o.methods[1].options["C"] = 2;
  CHECK(error_of(images_of_noise(), o, &id).find("the folder is of another run: options: expected {\"C\":2") !=
        std::string::npos);
  CHECK(id == "clip.load.run");
  o.methods[1].options["C"] = 1;
  o.split = {0.4, 0.2};
  CHECK(error_of(images_of_noise(), o).find("kind") != std::string::npos);
  o.split = {};
  CHECK(error_of(images_of_noise(), o) == "");
}

TEST_CASE("features that are not finite are an error that names the image") {
  const TemporaryFolder folder;
  FewShotOptions o = good(folder / "out");
  CHECK(error_of(images_of_noise(), o) == "");
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder / "out/features"))
    if (entry.is_regular_file()) {
      std::string part = get(entry.path());
      part.replace(part.size() - 4, 4, "\xFF\xFF\xFF\xFF");
      put(entry.path(), part);
    }
  CHECK(error_of(images_of_noise(), o).find("not finite") != std::string::npos);
  auto broken = images_of_noise();
  broken.load = [old = broken.load](Index i) -> Result<StoredImage> {
    if (i == 7) return StoredImage{std::vector<std::byte>(9)};
    return old(i);
  };
  CHECK(error_of(broken, good(folder / "other")).find("colors/7") != std::string::npos);
}
