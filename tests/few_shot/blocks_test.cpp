#include <clip/few_shot/methods/blocks.hpp>
#include <clip/few_shot/run.hpp>
#include <clip/model/model.hpp>
#include <clip/tokenizer/tokenizer.hpp>

#include "../io/temporary_folder.hpp"
#include "noise_images.hpp"

#include <doctest/doctest.h>

#include <filesystem>

using namespace clip;

TEST_CASE("gated adapters predict as zero-shot before they are trained, and resume") {
  const TemporaryFolder folder;
  const Model<tiny_clip> model{Rng{1}};
  const Tokenizer tokenizer;
  const FewShotOptions options{
      .output = folder.path,
      .methods = {{"zero-shot"},
                  {.name = "gated-adapter", .options = {{"epochs", 1}, {"learning_rate", 1e-30}}, .label = "untrained"},
                  {.name = "gated-adapter", .options = {{"epochs", 2}}, .label = "trained"}},
      .shots = {2},
      .seeds = {1},
      .templates = {"a {}"}};
  using Methods = FewShotMethods<ZeroShotMethod, GatedAdapterMethod>;
  const auto results = run_few_shot<Methods>(model, tokenizer, images_of_noise(), options);
  REQUIRE(results.size() == 3);
  CHECK(results[1].accuracies.top1 == results[0].accuracies.top1);
  CHECK(results[1].accuracies.mean_per_class == results[0].accuracies.mean_per_class);
  CHECK(get(folder / "runs/trained/2-shots/seed-1/training.json").find("\"epochs\": 2") != std::string::npos);
  CHECK(!std::filesystem::exists(folder / "runs/trained/2-shots/seed-1/checkpoint.safetensors"));
}
