// CLIP-Adapter, Tip-Adapter(-F) and the multi-modal MLP against the twins of tests/golden/make_adapters.py.
#include <clip/backend/cpu.hpp>
#include <clip/learn/clip_adapter.hpp>
#include <clip/learn/learner_file.hpp>
#include <clip/learn/multimodal_mlp.hpp>
#include <clip/learn/tip_adapter.hpp>
#include <clip/learn/tip_adapter_search.hpp>
#include <clip/learn/tip_adapter_training.hpp>
#include <clip/learn/train_on_features.hpp>

#include "../io/temporary_folder.hpp"
#include "../support/check_gradients.hpp"
#include "golden_arrays.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {

using B = Cpu<double>;

const GoldenArrays& golden() {
  static const GoldenArrays arrays{"adapters.npz"};
  return arrays;
}

template <class T>
LabelledFeatures<T> examples() {
  return {golden().features<T>("x"), golden().labels<std::int32_t>("y")};
}
template <class T>
LabelledFeatures<T> validation() {
  return {golden().features<T>("tip.x"), golden().labels<std::int32_t>("tip.y")};
}
template <class T>
LabelledFeatures<T> cache() {
  const std::vector<Features<T, dyn>> passes{golden().features<T>("tip.pass.0"), golden().features<T>("tip.pass.1"),
                                             golden().features<T>("tip.pass.2")};
  return tip_adapter_cache(passes, golden().labels<std::int32_t>("y"));
}

template <class T>
auto clip_adapter() {
  return ClipAdapter{golden().features<T>("texts"), Rng{1}};
}
template <class T>
auto tip_adapter() {
  return TipAdapter{golden().features<T>("texts"), cache<T>()};
}
template <class T>
auto multimodal_mlp() {
  return MultimodalMlp{golden().features<T>("texts"), Rng{1}, {.hidden = 7}};
}

template <class Learner>
Values parameter(Learner& learner, const Parameter<typename Learner::T>& p) {
  return detail::values_of_parameter(learner.backend(), p);
}

/// Trains a learner from the twin's start with its recipe; its losses and parameters are the twin's.
template <class Learner, class O>
void check_training(Learner learner, O optimizer, Schedule schedule) {
  using T = typename Learner::T;
  const std::string name{Learner::name};
  Parameters table{learner};
  for (auto& e : table.entries()) set_values(learner.backend(), e.value, golden()(name + ".start." + e.name));
  std::vector<double> losses;
  CHECK(train_on_features(learner, examples<T>(),
                          TrainOptionsOf<O>{.epochs = 5, .batch = 64, .optimizer = optimizer, .schedule = schedule},
                          [&](const TrainProgress& p) {
                            losses.push_back(p.loss);
                            return true;
                          }));
  // Rates are floats.
  const double tolerance = std::is_same_v<T, double> ? 1e-6 : 1e-4;
  CHECK(max_difference(losses, golden()(name + ".losses")) < tolerance);
  for (const auto& e : table.entries()) {
    CAPTURE(e.name);
    const Values end = golden()(name + ".end." + e.name), start = golden()(name + ".start." + e.name);
    CHECK(max_difference(end, start) > 100 * tolerance);
    CHECK(max_difference(values_of(learner.backend(), View<const T>{e.value}), end) < tolerance);
  }
}

AdamwOptions adamw(float rate, float epsilon) {
  return {.learning_rate = rate,
          .beta1 = 0.9f,
          .beta2 = 0.999f,
          .epsilon = epsilon,
          .weight_decay = 0.01f,
          .decays = decay_all};
}

/// 1e-5 of each number, of 1 at least.
void check_close(const Values& found, const Values& expected) {
  CHECK(max_difference(found, expected) < 1e-5 * std::max(1.0, max_magnitude(expected)));
}

template <class Learner>
Values scores_of(const Learner& learner, const Features<typename Learner::T, dyn>& x) {
  const auto scores = learner.scores(x);
  return {scores.values().begin(), scores.values().end()};
}

template <class Learner>
void check_returns_from_file(Learner& learner) {
  using T = typename Learner::T;
  const TemporaryFolder folder;
  const std::string path = folder / "learner.safetensors";
  save_classifier(learner, path);
  const auto read = open_classifier<Learner>(path);
  const auto x = golden().features<T>("tip.x");
  CHECK(scores_of(read, x) == scores_of(learner, x));
  CHECK(read.predict(x) == learner.predict(x));
}

}  // namespace

TEST_CASE_TEMPLATE("five steps of each trained adapter are those of its PyTorch twin", T, double, float) {
  check_training(clip_adapter<T>(), SgdOptions{.learning_rate = 1}, Schedule::epoch_cosine());
  check_training(tip_adapter<T>(), adamw(0.125f, 1e-4f), Schedule::cosine());
  check_training(multimodal_mlp<T>(), adamw(0.03125f, 1e-8f), Schedule::cosine());
}

TEST_CASE("the gradients of adapters are correct in every parameter") {
  const auto check = [](auto learner) {
    Parameters table{learner};
    const auto x = golden().features<double>("x");
    const auto y = golden().labels<std::int32_t>("y");
    check_gradients(table, [&](Tape<B>& cx) { return cross_entropy(cx, learner.logits(cx, constant(cx, x)), y); });
  };
  check(clip_adapter<double>());
  check(tip_adapter<double>());
  check(multimodal_mlp<double>());
}

TEST_CASE("text features and labels in the cache are never trained") {
  auto tip = tip_adapter<float>();
  Parameters table{tip};
  REQUIRE(table.entries().size() == 1);
  CHECK(table.entries()[0].name == "cache.keys");
  auto adapter = clip_adapter<float>();
  CHECK(Parameters{adapter}.entries().size() == 2);
}

TEST_CASE_TEMPLATE("Tip-Adapter's cache, logits and search are numpy's", T, double, float) {
  const LabelledFeatures<T> keys = cache<T>();
  check_close(Values(keys.features.values().begin(), keys.features.values().end()), golden()("tip.keys"));
  auto tip = tip_adapter<T>();
  check_close(scores_of(tip, validation<T>().features), golden()("tip.logits"));
  const TipAdapterSearch found = search_tip_adapter(tip, validation<T>());
  CHECK(found.correct == golden().labels<Index>("tip.correct"));
  CHECK(found.beta == doctest::Approx(golden()("tip.best")[0]));
  CHECK(found.alpha == doctest::Approx(golden()("tip.best")[1]));
  CHECK(tip.alpha == found.alpha);
  check_close(scores_of(tip, validation<T>().features), golden()("tip.found"));
  CHECK(accuracy_of(tip, validation<T>().features, validation<T>().labels) == found.accuracy);
}

TEST_CASE("Tip-Adapter-F keeps the keys of its best epoch") {
  const auto fit = [](auto& tip, Index epochs) {
    TrainOptions options = tip_adapter_recipe();
    options.epochs = epochs;
    options.schedule = Schedule::constant();
    options.optimizer.learning_rate = 0.125f;
    return train_tip_adapter(tip, examples<float>(), validation<float>(), options);
  };
  auto tip = tip_adapter<float>();
  const double before = accuracy_of(tip, validation<float>().features, validation<float>().labels);
  const TipAdapterTraining training = fit(tip, 12);
  REQUIRE(training.accuracies.size() == 12);
  const auto best = std::ranges::max_element(training.accuracies);
  CHECK(training.best_epoch == best - training.accuracies.begin() + 1);
  REQUIRE(training.best_epoch < 12);  // or nothing were shown
  CHECK(*best > before);
  CHECK(accuracy_of(tip, validation<float>().features, validation<float>().labels) == *best);
  auto shorter = tip_adapter<float>();  // stopped there, at a constant rate
  fit(shorter, training.best_epoch);
  CHECK(parameter(shorter, shorter.keys) == parameter(tip, tip.keys));
}

TEST_CASE("Tip-Adapter-F goes on after it ended in any epoch, before or after the best keys were written") {
  TrainOptions options = tip_adapter_recipe();
  options.epochs = 12;
  options.schedule = Schedule::constant();
  options.optimizer.learning_rate = 0.125f;
  auto whole = tip_adapter<float>();
  const TipAdapterTraining expected = train_tip_adapter(whole, examples<float>(), validation<float>(), options);
  REQUIRE(expected.best_epoch < 12);

  /// Ends the program, as it were, in the second batch; keeps the file of the best keys as the first batch finds it.
  struct Ending {
    FeatureSource<float> source;
    std::string best;
    std::string kept{};
    Index batches = 0;
    using Batch = LabelledFeatures<float>;
    Index size() const { return source.size(); }
    void batch(std::span<const Index> items, Rng rng, Batch& out) {
      if (batches++ == 1) raise(InputError{"test", "ended"});
      if (std::filesystem::exists(best)) kept = get(best);
      source.batch(items, rng, out);
    }
  };
  for (const bool best_written : {true, false}) {
    const TemporaryFolder folder;
    options.checkpoint = folder / "checkpoint.safetensors";
    const std::string best = options.checkpoint + ".best";
    for (int epoch = 1; epoch < 12; ++epoch) {
      auto tip = tip_adapter<float>();
      Ending source{{examples<float>(), 3}, best};
      CHECK_THROWS_AS(train_tip_adapter(tip, source, validation<float>(), options), InputError);
      if (best_written) continue;
      if (source.kept.empty()) std::filesystem::remove(best);  // as after a kill between the two files
      else put(best, source.kept);
    }
    auto tip = tip_adapter<float>();
    const TipAdapterTraining found = train_tip_adapter(tip, examples<float>(), validation<float>(), options);
    CHECK(found.accuracies == expected.accuracies);
    CHECK(found.best_epoch == expected.best_epoch);
    CHECK(parameter(tip, tip.keys) == parameter(whole, whole.keys));
  }
  auto tip = tip_adapter<float>();
  const TemporaryFolder folder;
  options.checkpoint = folder / "checkpoint.safetensors";
  train_tip_adapter(tip, examples<float>(), validation<float>(), options);
  std::filesystem::remove(options.checkpoint + ".best");
  CHECK_THROWS_AS(train_tip_adapter(tip, examples<float>(), validation<float>(), options), LoadError);
}

TEST_CASE(
    "scores of an image do not depend on the others, probabilities are their softmax, CLIP-Adapter at ratio 0 is "
    "CLIP") {
  auto adapter = clip_adapter<float>();
  const auto x = golden().features<float>("tip.x");
  const Tensor<float> all = adapter.scores(x);
  Features<float, dyn> one{1, Size<dyn>{x.width()}};
  std::ranges::copy(x[17], one[0].begin());
  const auto own = all.values().subspan(17 * 3, 3);
  CHECK(scores_of(adapter, one) == Values(own.begin(), own.end()));
  const Tensor<float> p = adapter.probabilities(one);
  CHECK(p.values()[0] + p.values()[1] + p.values()[2] == doctest::Approx(1));
  CHECK(std::log(p.values()[0] / p.values()[1]) == doctest::Approx(own[0] - own[1]).epsilon(1e-3));
  adapter.ratio = 0;
  TipAdapter none{golden().features<float>("texts"), cache<float>(), {.alpha = 0}};
  check_close(scores_of(adapter, x), scores_of(none, x));
}

TEST_CASE_TEMPLATE("adapters return from their files with the same bits", T, float, double) {
  auto adapter = clip_adapter<T>();
  adapter.ratio = 0.37;
  check_returns_from_file(adapter);
  auto tip = tip_adapter<T>();
  tip.alpha = 2.3;
  check_returns_from_file(tip);
  auto mlp = multimodal_mlp<T>();
  check_returns_from_file(mlp);
}

TEST_CASE("a file of another learner, and a damaged one, are refused") {
  const TemporaryFolder folder;
  const std::string path = folder / "learner.safetensors";
  auto adapter = clip_adapter<float>();
  save_classifier(adapter, path);
  CHECK_THROWS_WITH_AS(open_classifier<TipAdapter<>>(path),
                       (path + ": learner: expected tip_adapter, found clip_adapter").c_str(), LoadError);
  adapter.ratio = std::nan("");
  save_classifier(adapter, path);
  CHECK_THROWS_WITH_AS(open_classifier<ClipAdapter<>>(path),
                       (path + ": values of ratio: expected finite numbers, found nan").c_str(), LoadError);
  const auto refused = [&](const std::vector<detail::LearnerTensor>& tensors, const std::string& message) {
    detail::try_write_learner(path, "clip_adapter", tensors, false).value();
    CHECK_THROWS_WITH_AS(open_classifier<ClipAdapter<>>(path), (path + ": " + message).c_str(), LoadError);
  };
  refused({}, "tensors of the learner: expected class_features, found none");
  refused({{"class_features", Shape{2, 3}, Values(6)}, {"adapter.fc.0.weight", Shape{1, 4}, Values(4)}},
          "shape of adapter.fc.0.weight: expected (1, 3), found (1, 4)");
  refused({{"class_features", Shape{2, 3}, Values(6)}, {"adapter.fc.0.weight", Shape{0, 3}, Values{}}},
          "values of adapter.fc.0.weight: expected 1 or more, found 0");
  refused({{"class_features", Shape{2, 3}, Values(6)}, {"adapter.fc.0.weight", Shape{1, 3}, Values(3)}},
          "tensors of the learner: expected adapter.fc.2.weight, found none");
}

TEST_CASE("what an adapter cannot be made of, trained on or asked is one sentence") {
  const auto texts = golden().features<float>("texts");
  auto adapter = clip_adapter<float>();
  Features<float, dyn> narrow{2, Size<dyn>{5}};
  CHECK_THROWS_WITH_AS(adapter.predict(narrow), "clip_adapter: width of the features: expected 12, found 5",
                       ShapeError);
  auto bad = examples<float>();
  bad.features[3][2] = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH_AS(adapter.scores(bad.features), "clip_adapter: feature vector 3 is not finite", NumericError);
  CHECK_THROWS_AS(train_on_features(adapter, bad, TrainOptionsOf<SgdOptions>{}), NumericError);
  auto wrong = examples<float>();
  wrong.labels[4] = 3;
  CHECK_THROWS_WITH_AS(train_on_features(adapter, wrong, TrainOptionsOf<SgdOptions>{}),
                       "labelled features: label 4: expected from 0 to 2, found 3", InputError);
  CHECK_THROWS_AS((TipAdapter{texts, wrong}), InputError);
  wrong.labels.pop_back();
  CHECK_THROWS_AS(train_on_features(adapter, wrong, TrainOptionsOf<SgdOptions>{}), ShapeError);
  CHECK_THROWS_AS((TipAdapter{texts, LabelledFeatures<float>{narrow, {0, 1}}}), ShapeError);
  CHECK_THROWS_WITH_AS((TipAdapter{texts, LabelledFeatures<float>{}}),
                       "tip_adapter: keys of the cache: expected 1 or more, found 0", InputError);
  CHECK_THROWS_AS((TipAdapter{texts, cache<float>(), {.beta = -1}}), OptionError);
  CHECK_THROWS_AS((ClipAdapter{texts, Rng{1}, {.ratio = 1.5}}), OptionError);
  CHECK_THROWS_AS((ClipAdapter{texts, Rng{1}, {.reduction = 13}}), OptionError);
  CHECK_THROWS_AS((MultimodalMlp{texts, Rng{1}, {.hidden = 0}}), OptionError);
  CHECK_THROWS_WITH_AS((MultimodalMlp{Features<float, dyn>{1, Size<dyn>{4}}, Rng{1}}),
                       "class features: classes: expected 2 or more, found 1", InputError);
  CHECK_THROWS_AS((MultimodalMlp{Features<float, dyn>{2, Size<dyn>{4}}, Rng{1}}), NumericError);  // zeros

  auto tip = tip_adapter<float>();
  CHECK_THROWS_AS(search_tip_adapter(tip, bad), NumericError);
  CHECK_THROWS_AS(search_tip_adapter(tip, LabelledFeatures<float>{}), InputError);
  CHECK_THROWS_AS(search_tip_adapter(tip, validation<float>(), {.alpha_steps = 0}), OptionError);
  TrainOptions often = tip_adapter_recipe();
  often.checkpoint = "state.safetensors";
  often.checkpoint_every = 3;
  CHECK_THROWS_AS(train_tip_adapter(tip, examples<float>(), validation<float>(), often), OptionError);

  const auto pass = golden().features<float>("tip.pass.0");
  CHECK_THROWS_WITH_AS(tip_adapter_cache(std::vector{pass, narrow}, golden().labels<std::int32_t>("y")),
                       "tip_adapter_cache: shape of a pass: expected (10, 12), found (2, 5)", ShapeError);
  CHECK_THROWS_AS(tip_adapter_cache(std::vector{pass}, {0, 1}), ShapeError);
  CHECK_THROWS_AS(tip_adapter_cache(std::vector{bad.features}, bad.labels), NumericError);
}
