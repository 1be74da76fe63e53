// Fine-tuning: frozen blocks, learning rates by block, averages of weights, patch dropout, micro-batches.
#include <clip/optim/depth.hpp>
#include <clip/optim/sgd.hpp>
#include <clip/optim/weight_average.hpp>
#include <clip/tower/clip_text/text_transformer.hpp>
#include <clip/tower/clip_vit/tinyclip.hpp>
#include <clip/tower/clip_vit/vision_transformer.hpp>
#include <clip/train/micro_batches.hpp>
#include <clip/train/trainer.hpp>

#include "../support/matrix.hpp"
#include "toy.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {

/// What the first blocks of the request freeze of a model that is never allocated.
template <const auto& Config>
Index frozen_values(FirstBlocks first) {
  const VisionTransformer<Config.image, Config.embed_dim, Naive<float>> image;
  const TextTransformer<Config.text, Config.embed_dim, Naive<float>> text;
  std::vector<std::string> owned;
  std::vector<Index> counts;
  visit_parameters(image, [&](std::string_view name, const auto& p) {
    owned.push_back("visual." + std::string(name));
    counts.push_back(p.count());
  });
  visit_parameters(text, [&](std::string_view name, const auto& p) {
    owned.emplace_back(name);
    counts.push_back(p.count());
  });
  const Selection trained = freeze_first(std::vector<std::string_view>{owned.begin(), owned.end()}, first);
  Index frozen = 0;
  for (std::size_t i = 0; i < owned.size(); ++i) frozen += trained(owned[i]) ? 0 : counts[i];
  return frozen;
}

std::map<std::string, std::vector<float>> values_of_model(auto& model) {
  std::map<std::string, std::vector<float>> values;
  visit_parameters(model, [&](std::string_view name, const auto& p) {
    values.emplace(name, std::vector<float>(p.data, p.data + p.count()));
  });
  return values;
}

}  // namespace

TEST_CASE("freeze a and b: the numbers of frozen values are those of TinyCLIP's experiments") {
  const auto blocks = [](Index image, Index text) { return FirstBlocks{image, text, false}; };
  CHECK(frozen_values<tinyclip::ViT_61M_32_Text_29M>(blocks(6, 4)) == 42'150'656);
  CHECK(frozen_values<tinyclip::ViT_61M_32_Text_29M>(blocks(9, 6)) == 63'225'984);
  CHECK(frozen_values<tinyclip::ViT_39M_16_Text_19M>(blocks(6, 3)) == 28'371'456);
  CHECK(frozen_values<tinyclip::ViT_39M_16_Text_19M>(blocks(8, 4)) == 37'828'608);
  CHECK(frozen_values<tinyclip::ViT_61M_32_Text_29M>(blocks(0, 0)) == 0);
  // With the stems: the kernel, class token, 50 positions and ln_pre; 49,408 tokens and 77 positions.
  constexpr Index image_stem = 640 * 3 * 32 * 32 + 640 + 50 * 640 + 2 * 640, text_stem = (49408 + 77) * 512;
  CHECK(frozen_values<tinyclip::ViT_61M_32_Text_29M>({.image = 6}) == 6 * 4'923'520 + image_stem);
  CHECK(frozen_values<tinyclip::ViT_61M_32_Text_29M>({.image = 6, .text = 4}) == 42'150'656 + image_stem + text_stem);
}

TEST_CASE("freeze_first: more blocks than there are is an error") {
  const ToyModel<> model{Rng{2}};
  CHECK_THROWS_WITH_AS(freeze_first(model, {.image = 9}), "freeze_first: image blocks: expected from 0 to 2, found 9",
                       OptionError);
  CHECK_THROWS_AS(freeze_first(model, {.text = -1}), OptionError);
}

TEST_CASE("training: frozen parameters keep their bits, with weight decay and an average; all others change") {
  ToyPairs pairs;
  ToyModel<> model{Rng{2}};
  const auto before = values_of_model(model);
  TrainOptions options = short_run();
  options.optimizer.weight_decay = 0.5f;
  options.ema = 0.9;
  const Selection trained = freeze_first(model, {.image = 1, .text = 1});
  Trainer trainer{model, pairs, options, trained};
  trainer.run();
  const auto after = values_of_model(model);
  int frozen = 0;
  for (const auto& [name, values] : before) {
    INFO(name);
    frozen += trained(name) ? 0 : 1;
    CHECK((after.at(name) == values) == !trained(name));
  }
  CHECK(frozen == 12 + 12 + 5 + 2);  // two blocks, and what is before them
  trainer.with_averages([&] {
    for (const auto& [name, values] : values_of_model(model))
      if (!trained(name)) CHECK(values == before.at(name));
  });
}

TEST_CASE("depth: stem, blocks, and what comes after them, of each tower") {
  const std::vector<std::string_view> names{"visual.conv1.weight",
                                            "visual.transformer.resblocks.0.ln_1.weight",
                                            "visual.transformer.resblocks.11.ln_1.weight",
                                            "visual.proj",
                                            "token_embedding.weight",
                                            "transformer.resblocks.1.attn.out_proj.bias",
                                            "ln_final.bias",
                                            "logit_scale"};
  const std::vector<Index> layers{0, 1, 12, 13, 0, 2, 3, 1};
  const auto all = parameter_depths(names);
  for (std::size_t i = 0; i < names.size(); ++i) CHECK(all[i].layer == layers[i]);
  const auto rates = detail::layer_rates(names, 0.5);
  const std::vector<double> expected{std::pow(0.5, 13), std::pow(0.5, 12), 0.5, 1, 0.125, 0.5, 1, 1};
  CHECK(rates == expected);
  // A ResNet has no such blocks.
  for (const double rate : detail::layer_rates({"visual.conv1.weight", "visual.layer1.0.conv1.weight"}, 0.5))
    CHECK(rate == 1);
}

TEST_CASE("layer decay: one step changes every parameter by its factor times what it changes without") {
  const auto moved = [](double decay) {
    ToyPairs pairs;
    Model<Tiny, Naive<double>> model{Rng{2}};
    TrainOptionsOf<SgdOptions> options{.batch = 8, .optimizer = {.learning_rate = 0.1f, .weight_decay = 0.01f}};
    options.schedule = Schedule::constant();
    options.layer_decay = decay;
    std::vector<double> before, after;
    const auto collect = [&](std::vector<double>& values) {
      visit_parameters(
          model, [&](std::string_view, const auto& p) { values.insert(values.end(), p.data, p.data + p.count()); });
    };
    collect(before);
    Trainer trainer{model, pairs, options};
    trainer.run([](const TrainProgress&) { return false; });
    collect(after);
    for (std::size_t i = 0; i < before.size(); ++i) after[i] -= before[i];
    return after;
  };
  const auto plain = moved(1), decayed = moved(0.5);
  const Model<Tiny, Naive<double>> model{Rng{2}};
  std::vector<std::string> owned;
  std::vector<Index> counts;
  visit_parameters(model, [&](std::string_view name, const auto& p) {
    owned.emplace_back(name);
    counts.push_back(p.count());
  });
  const auto rates = detail::layer_rates(std::vector<std::string_view>{owned.begin(), owned.end()}, 0.5);
  std::size_t at = 0;
  for (std::size_t i = 0; i < owned.size(); ++i) {
    INFO(owned[i]);
    double worst = 0;
    for (Index k = 0; k < counts[i]; ++k, ++at) worst = std::max(worst, std::abs(decayed[at] - rates[i] * plain[at]));
    CHECK(worst < 1e-15);
  }
}

TEST_CASE("average of weights: a = d a + (1 - d) p after every step, and weights come back with their bits") {
  ToyPairs pairs;
  ToyModel<> model{Rng{2}};
  TrainOptions options = short_run();
  options.ema = 0.75;
  Trainer trainer{model, pairs, options};
  const auto first = [&] { return static_cast<double>(model.image.tower.proj.data[3]); };
  double expected = first();
  for (int step = 0; step < 5; ++step) {
    trainer.run([](const TrainProgress&) { return false; });
    expected = 0.75 * expected + 0.25 * first();
  }
  const std::string before = bytes_of(model);
  double averaged = 0;
  trainer.with_averages([&] { averaged = first(); });
  CHECK(averaged == doctest::Approx(expected).epsilon(1e-6));
  CHECK(averaged != first());
  CHECK(bytes_of(model) == before);
  CHECK_THROWS_AS((WeightAverage{trainer.parameters(), 1.0}), OptionError);
}

TEST_CASE("training with an average, layer decay and patch dropout resumes with the bits of an undisturbed run") {
  const TemporaryFolder folder;
  TrainOptions options = short_run();
  options.ema = 0.9;
  options.layer_decay = 0.8;
  options.patch_dropout = 0.5;
  const auto whole = [&](const std::string& checkpoint, Index stop) {
    ToyPairs pairs;
    ToyModel<> model{Rng{2}};
    options.checkpoint = checkpoint;
    if (stop > 0) {
      Trainer trainer{model, pairs, options};
      trainer.run([&](const TrainProgress& p) { return p.step < stop; });
      trainer.save_checkpoint().value();
    }
    ToyModel<> again{Rng{77}};
    ToyModel<>& last = stop > 0 ? again : model;
    Trainer trainer{last, pairs, options};
    CHECK(trainer.step() == stop);
    trainer.run();
    std::string both = bytes_of(last);
    trainer.with_averages([&] { both += bytes_of(last); });
    return both;
  };
  const std::string straight = whole(folder / "straight", 0);
  CHECK(whole(folder / "resumed", 8) == straight);
  options.patch_dropout = 0.25;
  ToyPairs pairs;
  ToyModel<> model{Rng{2}};
  CHECK_THROWS_WITH_AS((Trainer{model, pairs, options}),
                       (folder / "resumed" + ": metadata run.patch_dropout: expected 0.25, found 0.5").c_str(),
                       LoadError);
}

TEST_CASE("patch dropout: what is left out depends on the stream alone; none left out gives the plain bits") {
  Model<Tiny, Naive<double>> model{Rng{2}};
  const Images images = random_images(Tiny, 3, Rng{4});
  Parameters parameters{model};
  const auto features = [&](TapeOptions options, std::uint64_t seed) {
    Tape tape{parameters, options};
    tape.draw_from(Rng{seed});
    const auto y = model.encode_image(tape, images);
    CHECK(tape.drew() == (options.patch_dropout > 0));
    return values_of(tape.backend(), View<const double>{y.view});
  };
  const Values plain = features({}, 1), some = features({.patch_dropout = 0.5}, 1);
  CHECK(features({.patch_dropout = 0}, 5) == plain);
  CHECK(features({.patch_dropout = 0.5}, 1) == some);
  CHECK(features({.patch_dropout = 0.5}, 2) != some);
  CHECK(some != plain);
}

TEST_CASE("patch dropout: it keeps the class token and as many different patches as OpenCLIP") {
  Tape<Naive<double>> tape{Naive<double>{}, {.patch_dropout = 0.4}};
  constexpr Index tokens = 10, images = 50;  // 9 patches, of which ⌊5.4⌋ stay
  const auto x = tape.allocate(images * tokens, Size<dyn>{1});
  for (Index i = 0; i < images * tokens; ++i) x.view(i, 0) = static_cast<double>(i);
  const Sequences* sequences = nullptr;
  const auto y = detail::kept_patches(tape, x, tokens, sequences);
  REQUIRE(y.rows() == images * 6);
  CHECK(sequences->rows() == y.rows());
  std::vector<int> often(tokens);
  for (Index i = 0; i < images; ++i)
    for (Index k = 0; k < 6; ++k) {
      const auto row = static_cast<Index>(y.view(6 * i + k, 0));
      CHECK(row / tokens == i);
      CHECK((k == 0 ? row % tokens == 0 : row > static_cast<Index>(y.view(6 * i + k - 1, 0))));
      ++often[static_cast<std::size_t>(row % tokens)];
    }
  CHECK(often[0] == images);
  for (std::size_t patch = 1; patch < tokens; ++patch) CHECK((often[patch] > 10 && often[patch] < 45));  // 27.8 ± 3.5
}

TEST_CASE(
    "micro-batches: the run equals that of whole batches to 1e-6 in double, with every objective and patch dropout") {
  const auto run = [](auto objective, double dropout) {
    ToyPairs pairs;
    Model<Tiny, Naive<double>> model{Rng{2}};
    TrainOptions options = short_run();
    options.epochs = 1;
    options.optimizer.epsilon = 1e-3f;
    options.patch_dropout = dropout;
    Trainer trainer{model, pairs, options, {}, objective};
    double loss = 0;
    trainer.run([&](const TrainProgress& p) {
      loss = p.loss;
      return true;
    });
    std::vector<double> values{loss};
    visit_parameters(model,
                     [&](std::string_view, const auto& p) { values.insert(values.end(), p.data, p.data + p.count()); });
    return values;
  };
  const auto compare = [&](auto objective) {
    INFO(objective.in_words());
    const auto whole = run(objective, 0);
    CHECK(max_difference(run(MicroBatches<decltype(objective)>{objective, 3}, 0), whole) < 1e-6);
  };
  compare(Contrastive{.smoothing = 0.1});
  compare(HingeLoss{.margin = 0.15});
  // With patches left out every micro-batch draws its own, the same ones in both of its passes.
  const auto dropped = run(MicroBatches<Contrastive>{{}, 8}, 0.5);
  CHECK(dropped == run(MicroBatches<Contrastive>{{}, 8}, 0.5));
  CHECK(dropped != run(MicroBatches<Contrastive>{{}, 8}, 0.0));
}
