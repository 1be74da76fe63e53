#include <clip/core/stop.hpp>
#include <clip/train/trainer.hpp>

#include "toy.hpp"

#include <doctest/doctest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <limits>
#include <string>
#include <thread>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {
/// The bytes of the model after a run from start to end.
std::string whole_run(const TrainOptions& options, std::uint64_t weights = 2) {
  ToyPairs pairs;
  ToyModel<> model{Rng{weights}};
  CHECK(Trainer{model, pairs, options}.run());
  return bytes_of(model);
}

/// Runs for `steps` steps.
template <class T>
bool run_for(T& trainer, Index steps) {
  return trainer.run([&](const TrainProgress&) { return --steps > 0; });
}
}  // namespace

TEST_CASE("training: equal runs give equal bytes, another seed gives others") {
  const std::string once = whole_run(short_run());
  CHECK(whole_run(short_run()) == once);
  TrainOptions other = short_run();
  other.seed = 5;
  CHECK(whole_run(other) != once);
  CHECK(whole_run(short_run(), 3) != once);
}

TEST_CASE("training: recomputation and checkpoints do not change the result") {
  const TemporaryFolder folder;
  TrainOptions options = short_run();
  options.clip_norm = 0.5;
  const std::string expected = whole_run(options);
  options.recompute = true;
  CHECK(whole_run(options) == expected);
  options.checkpoint = folder / "checkpoint";
  options.checkpoint_every = 7;
  CHECK(whole_run(options) == expected);
}

TEST_CASE("training: a run that is stopped and continued in the same trainer equals an uninterrupted one") {
  ToyPairs pairs;
  ToyModel<> model{Rng{2}};
  Trainer trainer{model, pairs, short_run()};
  CHECK(!run_for(trainer, 4));
  CHECK(trainer.step() == 4);
  CHECK(!run_for(trainer, 9));
  CHECK(trainer.step() == 13);
  CHECK(trainer.run());
  CHECK(trainer.step() == trainer.steps());
  CHECK(bytes_of(model) == whole_run(short_run()));
}

TEST_CASE("training: a stop ends a run between two steps; it can be saved, and continued once the stop is withdrawn") {
  const TemporaryFolder folder;
  ToyPairs pairs;
  ToyModel<> model{Rng{2}};
  TrainOptions options = short_run();
  options.checkpoint = folder / "checkpoint";
  Trainer trainer{model, pairs, options};
  std::string id;
  try {
    trainer.run([&](const TrainProgress& p) {
      if (p.step == 3) request_stop();
      return true;
    });
  } catch (const SystemError& e) { id = e.id(); }
  CHECK(id == "clip.system.stopped");
  CHECK(trainer.step() == 3);
  CHECK(trainer.save_checkpoint().has_value());
  withdraw_stop();
  CHECK(trainer.run());
  CHECK(bytes_of(model) == whole_run(short_run()));
}

TEST_CASE("training: a run resumed from its checkpoint equals an uninterrupted one, bit for bit in both files") {
  const TemporaryFolder folder;
  const std::string expected = whole_run(short_run(folder / "straight"));
  std::uint64_t weights = 2;
  for (const Index stop : {1, 6, 7, 15}) {  // inside an epoch and at its end
    ToyPairs pairs;
    ToyModel<> model{Rng{weights}};
    Trainer trainer{model, pairs, short_run(folder / "resumed")};
    run_for(trainer, stop - trainer.step());
    CHECK(trainer.step() == stop);
    trainer.save_checkpoint().value();
    weights += 100;  // the checkpoint replaces the model's values
  }
  ToyPairs pairs;
  ToyModel<> model{Rng{weights}};
  Trainer trainer{model, pairs, short_run(folder / "resumed")};
  CHECK(trainer.step() == 15);
  CHECK(trainer.run());
  CHECK(bytes_of(model) == expected);
  CHECK(get(folder / "resumed") == get(folder / "straight"));
}

TEST_CASE("training: resuming a finished run does nothing") {
  const TemporaryFolder folder;
  const std::string expected = whole_run(short_run(folder / "run"));
  const std::string file = get(folder / "run");
  CHECK(whole_run(short_run(folder / "run"), 77) == expected);
  CHECK(get(folder / "run") == file);
  CHECK(folder.entries() == 1);
}

TEST_CASE("training: a run killed at any moment and resumed equals an uninterrupted one") {
  const TemporaryFolder folder;
  const std::string expected = whole_run(short_run());
  TrainOptions options = short_run(folder / "checkpoint");
  options.checkpoint_every = 1;
  Rng rng{99};
  Index reported = 0;  // steps whose checkpoints were complete
  for (int attempt = 0; attempt < 6; ++attempt) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      try {
        ToyPairs pairs;
        ToyModel<> model{Rng{static_cast<std::uint64_t>(attempt == 0 ? 2 : 1000 + attempt)}};
        Trainer trainer{model, pairs, options};
        trainer.run([&](const TrainProgress&) { return ::write(ends[1], "x", 1) == 1; });
      } catch (const std::exception& error) {
        std::fprintf(stderr, "the run to be killed failed by itself: %s\n", error.what());
      }
      ::_exit(1);
    }
    ::close(ends[1]);
    char byte = 0;
    const std::uint64_t until = 1 + rng.below(4);
    for (std::uint64_t k = 0; k < until && ::read(ends[0], &byte, 1) == 1; ++k) ++reported;
    std::this_thread::sleep_for(
        std::chrono::microseconds{rng.below(3000)});  // during the next step, or while its file is written
    ::kill(child, SIGKILL);
    while (::read(ends[0], &byte, 1) == 1) ++reported;
    ::close(ends[0]);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));
  }
  ToyPairs pairs;
  ToyModel<> model{Rng{4321}};
  Trainer trainer{model, pairs, options};
  CHECK(trainer.step() >= reported);
  CHECK(trainer.step() >= 6);
  CHECK(trainer.run());
  CHECK(bytes_of(model) == expected);
  CHECK(folder.entries() == 1);
}

TEST_CASE("training: the callback's argument") {
  ToyPairs pairs;
  pairs.pairs = 50;  // every epoch skips two
  ToyModel<> model{Rng{2}};
  TrainOptions options = short_run();
  options.schedule = Schedule::warmup_cosine(0.1);
  Trainer trainer{model, pairs, options};
  CHECK(trainer.steps() == 30);
  std::vector<TrainProgress> all;
  CHECK(trainer.run([&](const TrainProgress& p) {
    all.push_back(p);
    return true;
  }));
  REQUIRE(all.size() == 30);
  const WarmupCosine schedule{.warmup = 3, .total = 30};
  for (std::size_t i = 0; i < all.size(); ++i) {
    const TrainProgress& p = all[i];
    const auto step = static_cast<Index>(i);
    CHECK(p.step == step + 1);
    CHECK(p.steps == 30);
    CHECK(p.epoch == step / 6 + 1);
    CHECK(p.epochs == 5);
    CHECK(p.epoch_done == (p.step % 6 == 0));
    CHECK(p.chance == doctest::Approx(std::log(8.0)).epsilon(1e-15));
    CHECK(p.loss > 0);
    CHECK(p.learning_rate == doctest::Approx(3e-3 * schedule(step)).epsilon(1e-6));
    CHECK(p.seconds >= (i == 0 ? 0 : all[i - 1].seconds));
    CHECK(p.images_per_second > 0);
    CHECK(p.seconds_left >= 0);
  }
  CHECK(all.back().seconds_left == 0);
  CHECK(trainer.run());  // already finished
  CHECK(trainer.step() == 30);
}

TEST_CASE("training: the loss falls far below guessing, and the model classifies its images") {
  ToyPairs pairs;
  ToyModel<> model{Rng{2}};
  TrainOptions options = short_run();
  options.epochs = 60;
  double first = 0, last = 0;
  CHECK(Trainer{model, pairs, options}.run([&](const TrainProgress& p) {
    (p.epoch == 1 ? first : last) += p.epoch == 1 || p.epoch == p.epochs ? p.loss / 6 : 0;
    return true;
  }));
  CHECK(first > 0.8 * std::log(8.0));
  CHECK(last < 0.4 * std::log(8.0));  // not zero: captions that occur twice in a batch are indistinguishable
  CHECK(model.similarity.temperature() < 100.0001);
  Pairs batch;
  std::vector<Index> items(ToyPairs::kinds);
  for (std::size_t i = 0; i < items.size(); ++i) items[i] = static_cast<Index>(i);
  pairs.batch(items, Rng{12345}, batch);
  const auto& [images, texts] = batch;  // unseen noise
  const auto image = model.encode_image(images), text = model.encode_text(texts);
  int right = 0;
  for (Index i = 0; i < ToyPairs::kinds; ++i) {
    Index best = 0;
    double most = -2;
    for (Index j = 0; j < ToyPairs::kinds; ++j) {
      double dot = 0, length = 0;
      for (std::size_t k = 0; k < text[j].size(); ++k) {
        dot += static_cast<double>(image[i][k] * text[j][k]);
        length += static_cast<double>(text[j][k] * text[j][k]);
      }
      if (dot / std::sqrt(length) > most) {
        most = dot / std::sqrt(length);
        best = j;
      }
    }
    right += best == i ? 1 : 0;
  }
  CHECK(right >= 10);
}

TEST_CASE("training: only selected weights change") {
  ToyPairs pairs;
  ToyModel<> model{Rng{2}}, before{Rng{2}};
  Trainer{model, pairs, short_run(), only("visual.*")}.run();
  std::vector<float> moved, old;
  const auto collect = [](auto& m, std::vector<float>& values, bool visual) {
    values.clear();
    visit_parameters(m, [&](std::string_view name, const auto& p) {
      if (name.starts_with("visual.") == visual) values.insert(values.end(), p.data, p.data + p.count());
    });
  };
  collect(model, moved, false);
  collect(before, old, false);
  CHECK(moved == old);
  collect(model, moved, true);
  collect(before, old, true);
  CHECK(moved != old);
}

TEST_CASE("training: NaN in a weight is an error with the weight's name and the step, and changes nothing") {
  ToyPairs pairs;
  ToyModel<> model{Rng{2}};
  Trainer trainer{model, pairs, short_run()};
  run_for(trainer, 3);
  float& weight = model.image.tower.transformer.resblocks[1].mlp.c_fc.weight.data[5];
  const float good = weight;
  weight = std::numeric_limits<float>::quiet_NaN();
  const std::string before = bytes_of(model);
  CHECK_THROWS_WITH_AS(trainer.run(),
                       "step 4: the loss is not finite; first non-finite value in: "
                       "visual.transformer.resblocks.1.mlp.c_fc.weight (the weight itself)",
                       NumericError);
  CHECK(trainer.step() == 3);
  CHECK(bytes_of(model) == before);
  weight = good;  // with a valid weight the run continues as if uninterrupted
  CHECK(trainer.run());
  CHECK(bytes_of(model) == whole_run(short_run()));
}

TEST_CASE("training: NaN in a pixel is an error with the name of the first layer") {
  for (const bool recompute : {false, true}) {
    ToyPairs pairs;
    ToyModel<> model{Rng{2}};
    TrainOptions options = short_run();
    options.recompute = recompute;
    Trainer trainer{model, pairs, options};
    run_for(trainer, 2);
    const std::string before = bytes_of(model);
    pairs.broken = 17;  // used in one of the next six steps
    std::string message;
    std::string last = before;
    try {
      trainer.run([&](const TrainProgress&) {
        last = bytes_of(model);
        return true;
      });
      FAIL("NaN in an image was not detected");
    } catch (const NumericError& error) { message = error.what(); }
    CHECK(message == "step " + std::to_string(trainer.step() + 1) +
                         ": the loss is not finite; first non-finite value in: patches");
    CHECK(bytes_of(model) == last);
  }
}

TEST_CASE(
    "training: a checkpoint of another run is an error that names the difference, and leaves the model unchanged") {
  const TemporaryFolder folder;
  const std::string path = folder / "checkpoint";
  ToyPairs pairs;
  {
    ToyModel<> model{Rng{2}};
    Trainer trainer{model, pairs, short_run(path)};
    run_for(trainer, 6);
  }
  const std::string file = get(path);
  ToyModel<> model{Rng{3}};
  const std::string before = bytes_of(model);
  const auto refused = [&](ToyPairs& source, const TrainOptions& options, const std::string& sentence,
                           const Selection& selection = {}) {
    CHECK_THROWS_WITH_AS((Trainer{model, source, options, selection}), (path + ": metadata run." + sentence).c_str(),
                         LoadError);
    CHECK(bytes_of(model) == before);
    CHECK(get(path) == file);
  };
  TrainOptions options = short_run(path);
  options.seed = 5;
  refused(pairs, options, "seed: expected 5, found 4");
  options = short_run(path);
  options.batch = 4;
  refused(pairs, options, "batch: expected 4, found 8");
  options = short_run(path);
  options.epochs = 6;
  refused(pairs, options, "epochs: expected 6, found 5");
  options = short_run(path);
  options.optimizer.weight_decay = 0.25f;
  refused(pairs, options, "weight_decay: expected 0.25, found 0.20000000298023224");
  ToyPairs more;
  more.pairs = 49;
  refused(more, short_run(path), "pairs: expected 49, found 48");
  refused(pairs, short_run(path), "trained values: expected 1, found " + std::to_string(count_parameters(model)),
          only("logit_scale"));

  options = short_run(path);
  options.recompute = true;  // does not affect the result
  options.checkpoint_every = 3;
  CHECK(Trainer{model, pairs, options}.step() == 6);
}

TEST_CASE("training: an invalid checkpoint or path is an error and does not start a new run") {
  const TemporaryFolder folder;
  ToyPairs pairs;
  ToyModel<> model{Rng{2}};
  save(model, folder / "model");
  CHECK_THROWS_WITH_AS(
      (Trainer{model, pairs, short_run(folder / "model")}),
      (folder / "model" + ": metadata step: expected a number, as in a checkpoint of a run, found \"\"").c_str(),
      LoadError);
  put(folder / "text", "hello");
  CHECK_THROWS_AS((Trainer{model, pairs, short_run(folder / "text")}), LoadError);
  CHECK_THROWS_AS((Trainer{model, pairs, short_run(folder.path)}), LoadError);
  Trainer nowhere{model, pairs, short_run(folder / "no folder/checkpoint")};
  CHECK_THROWS_AS(nowhere.run(), Error);
}

TEST_CASE("training: options out of range are errors") {
  ToyPairs pairs;
  ToyModel<> model{Rng{2}};
  const auto with = [&](auto change) {
    TrainOptions options = short_run();
    change(options);
    return options;
  };
  CHECK_THROWS_WITH_AS((Trainer{model, pairs, with([](auto& o) { o.epochs = 0; })}),
                       "train: epochs: expected 1 or more, found 0", OptionError);
  CHECK_THROWS_AS((Trainer{model, pairs, with([](auto& o) { o.clip_norm = -1; })}), OptionError);
  CHECK_THROWS_AS((Trainer{model, pairs, with([](auto& o) { o.batch = 0; })}), OptionError);
  CHECK_THROWS_AS((Trainer{model, pairs, with([](auto& o) { o.batch = 49; })}), InputError);
  CHECK_THROWS_AS((Trainer{model, pairs, with([](auto& o) { o.optimizer.beta1 = 1; })}), OptionError);
  CHECK_THROWS_AS((Trainer{model, pairs, short_run(), only("nothing.*")}), OptionError);
  CHECK_THROWS_AS((Trainer{model, pairs, short_run(), except("visul.*")}), OptionError);
}
