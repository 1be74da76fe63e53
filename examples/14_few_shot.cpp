// Shows a few-shot experiment: a folder of labelled images is split, a linear probe learns from one and from four images
// of each class, for three seeds, and a table compares it with zero-shot classification. The tower was never trained, so
// that zero-shot guesses; the probe does not. The same configuration as a JSON file runs with `clip fewshot`.
#include "tiny.hpp"

#include <clip/few_shot/run.hpp>

#include <cstdio>

/// A folder per class with 20 images of noise in its colour.
void write_images_of_classes() {
  for (const int c : {0, 1, 2}) {
    const std::string folder = std::string("colors/") + (c == 0 ? "red" : c == 1 ? "green" : "blue");
    std::filesystem::create_directories(folder);
    for (std::uint64_t i = 0; i < 20; ++i)
      write_image(folder + "/" + std::to_string(i) + ".ppm", c, clip::Rng{i}.fork(folder));
  }
}

int main() {
  const ScratchFolder scratch{"14_few_shot"};
  write_images_of_classes();
  const clip::Model<Tiny> model{clip::Rng{1}};
  const clip::Tokenizer tokenizer;

  const auto images = clip::try_class_folders("colors").value();
  using Methods = clip::FewShotMethods<clip::ZeroShotMethod, clip::LinearProbeMethod>;
  const auto results = clip::run_few_shot<Methods>(model, tokenizer, images,
                                                   {.output = "experiment",
                                                    .methods = {{"zero-shot"}, {"linear-probe", {{"C", 100.0}}}},
                                                    .shots = {1, 4},
                                                    .seeds = {1, 2, 3},
                                                    .templates = {"a {}"}});

  for (const clip::FewShotCell& cell : clip::few_shot_cells(results))
    std::printf("%-12s %lld shots: most images are right: %s\n", cell.method.c_str(),
                static_cast<long long>(cell.shots), cell.top1.mean > 0.5 ? "yes" : "no");
  std::printf("%s\n", std::filesystem::exists("experiment/chart.svg") ? "table and chart are written" : "no chart");
}
