// Training of few-shot methods: augmented images, the choice of a learning rate, methods that need validation images.
#include <clip/few_shot/run.hpp>
#include <clip/model/any_model.hpp>
#include <clip/tokenizer/tokenizer.hpp>

#include "../io/temporary_folder.hpp"
#include "noise_images.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

using namespace clip;

namespace {

using Methods = FewShotMethods<ZeroShotMethod, ClipAdapterMethod, TipAdapterFMethod>;

const AnyModel<>& model() {
  static const AnyModel<> made{AnyConfig{tiny_clip}, Rng{1}};
  return made;
}

FewShotOptions options(const std::string& output) {
  return {.output = output,
          .methods = {{"zero-shot"},
                      {.name = "clip-adapter", .options = {{"epochs", 4}, {"reduction", 1}, {"learning_rate", 0.5}}}},
          .shots = {2},
          .seeds = {1},
          .templates = {"a {}"}};
}
std::vector<FewShotResult> run(const FewShotOptions& options, const LabelledImages& images = images_of_noise()) {
  return run_few_shot<Methods>(model(), Tokenizer{}, images, options);
}
std::string error_of(const FewShotOptions& options, const AnyModel<>& of = model()) {
  try {
    run_few_shot<Methods>(of, Tokenizer{}, images_of_noise(), options);
  } catch (const Error& error) { return error.message(); }
  return {};
}

std::vector<float> values_of(const Features<float, dyn>& features) {
  return {features.values().begin(), features.values().end()};
}

}  // namespace

TEST_CASE("batches of features: stored ones, or encoded anew by the draws of the step and the image alone") {
  const LabelledImages images = images_of_noise();
  FewShotSetting<AnyModel<>> setting{.model = model(), .tokenizer = {}, .images = images};
  std::vector<Index> all{3, 4, 8, 12};
  FewShotTask<AnyModel<>> task{.setting = setting, .shots = 1, .seed = 1};
  task.train_images = all;
  task.train = {try_encode_places(model(), images, all, 32).value(), {0, 1, 2, 0}};
  const std::vector<Index> items{2, 0};
  LabelledFeatures<float> batch, other;
  FewShotFeatures<AnyModel<>>{task}.batch(items, Rng{1}, batch);
  CHECK(values_of(batch.features) == values_of(rows_of(task.train.features, items)));
  CHECK(batch.labels == std::vector<std::int32_t>{2, 0});
  CHECK(few_shot_passes(task).size() == 1);

  setting.augmentation = FewShotAugmentation{.views = 3};
  const FewShotFeatures<AnyModel<>> augmented{task};
  augmented.batch(items, Rng{1}, other);
  CHECK(other.labels == batch.labels);
  CHECK(values_of(other.features) != values_of(batch.features));
  augmented.batch(std::vector<Index>{0, 1}, Rng{1}, batch);
  CHECK(std::ranges::equal(batch.features[0], other.features[1]));  // whatever is beside it
  augmented.batch(items, Rng{2}, batch);
  CHECK(values_of(batch.features) != values_of(other.features));

  const auto passes = few_shot_passes(task), again = few_shot_passes(task);
  REQUIRE(passes.size() == 3);
  CHECK(values_of(passes[0]) != values_of(passes[1]));
  CHECK(values_of(passes[2]) == values_of(again[2]));
}

TEST_CASE("an augmented experiment is repeatable; its folder is not that of one with stored features") {
  const TemporaryFolder folder;
  FewShotOptions plain = options(folder / "plain"), first = options(folder / "first");
  first.augmentation = FewShotAugmentation{};
  FewShotOptions second = first;
  second.output = folder / "second";
  run(plain);
  run(first);
  run(second);
  const auto learner = [&](const FewShotOptions& o) {
    return get(o.output + "/runs/clip-adapter/2-shots/seed-1/learner.safetensors");
  };
  CHECK(learner(first) == learner(second));
  CHECK(learner(first) != learner(plain));
  CHECK(get(first.output + "/table.json") == get(second.output + "/table.json"));
  second.augmentation.reset();
  CHECK(error_of(second).find("the folder is of another run: augmentation: expected null, found {") !=
        std::string::npos);
  plain.augmentation = FewShotAugmentation{};
  CHECK(error_of(plain).find("another run: augmentation") != std::string::npos);
  plain.methods.pop_back();  // zero-shot learns from no image
  CHECK(error_of(plain) == "");
}

TEST_CASE("of several learning rates the validation images choose one") {
  const TemporaryFolder folder;
  const std::vector<double> rates{1e-30, 0.5};
  FewShotOptions several = options(folder / "several"), one = options(folder / "one");
  several.shots = one.shots = {4};
  several.methods[1].options = {{"epochs", 30}, {"learning_rate", rates}};
  const auto results = run(several);
  const std::string at = "/runs/clip-adapter/4-shots/seed-1/";
  const std::string log = get(several.output + at + "log.csv");
  CAPTURE(log);
  // step, wall_time, learning_rate, validation_top1
  std::vector<double> accuracies;
  for (std::size_t line = log.find('\n'); line + 1 < log.size(); line = log.find('\n', line + 1))
    accuracies.push_back(std::stod(log.substr(log.rfind(',', log.find('\n', line + 1)) + 1)));
  REQUIRE(accuracies.size() == 2);
  REQUIRE(accuracies[0] != accuracies[1]);  // or nothing were shown
  const std::size_t best = accuracies[1] > accuracies[0] ? 1 : 0;
  one.methods[1].options = {{"epochs", 30}, {"learning_rate", rates[best]}};
  CHECK(run(one)[1].accuracies.top1 == results[1].accuracies.top1);
  CHECK(get(one.output + at + "learner.safetensors") ==
        get(several.output + at + "rate-" + std::to_string(best + 1) + "/learner.safetensors"));
  for (const char* rate : {"rate-1/", "rate-2/"})
    CHECK(!std::filesystem::exists(several.output + at + rate + "checkpoint.safetensors"));
}

TEST_CASE("what cannot be trained is refused before an image is encoded") {
  const TemporaryFolder folder;
  const auto refused = [&](auto&& change, const std::string& part) {
    FewShotOptions o = options(folder / "out");
    change(o);
    const std::string message = error_of(o);
    CHECK_MESSAGE(message.find(part) != std::string::npos, message);
  };
  refused([](auto& o) { o.augmentation = FewShotAugmentation{.how = {.flip = 2}}; }, "flip: expected 0 to 1");
  refused([](auto& o) { o.augmentation = FewShotAugmentation{.views = 0}; }, "views of the augmentation");
  refused([](auto& o) { o.methods[1].options["learning_rate"] = -1; }, "learning_rate: expected a number above 0");
  refused([](auto& o) { o.methods[1].options["learning_rate"] = {0.1, 0.0}; }, "or an array of such numbers");
  refused([](auto& o) { o.methods[1].options["epochs"] = 0; }, "epochs");
  const auto without_validation = [](auto& o) { o.split = {.train = 0.6, .validation = 0}; };
  refused(
      [&](auto& o) {
        o.methods.push_back({"tip-adapter-f"});
        without_validation(o);
      },
      "validation images, by which tip-adapter-f chooses: expected 1 or more, found 0");
  refused(
      [&](auto& o) {
        o.methods[1].options["learning_rate"] = {0.1, 0.2};
        without_validation(o);
      },
      "validation images, by which clip-adapter chooses");
  AnyModel<> broken{AnyConfig{tiny_clip}, Rng{1}};
  visit_parameters(broken.image, [](std::string_view name, auto& p) {
    if (name == "visual.proj") p.data[0] = std::numeric_limits<float>::quiet_NaN();
  });
  CHECK(error_of(options(folder / "out"), broken).find("image features that are not finite") != std::string::npos);
  CHECK(!std::filesystem::exists(folder / "out"));
}
